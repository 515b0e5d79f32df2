ALTER TABLE "walhook"."endpoints" ADD COLUMN "events_by_operation" bigint[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "attempts_by_outcome" bigint[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "attempts_by_latency" bigint[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "attempt_ms" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "window_wal_bytes" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "window_decode_ms" bigint DEFAULT 0 NOT NULL;