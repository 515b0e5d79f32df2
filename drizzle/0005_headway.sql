ALTER TABLE "walhook"."pipelines" ADD COLUMN "caught_up_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "settled_through_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "behind_lsn" "pg_lsn";--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "behind_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "wal_older_lsn" "pg_lsn";--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "wal_older_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "wal_newer_lsn" "pg_lsn";--> statement-breakpoint
ALTER TABLE "walhook"."pipelines" ADD COLUMN "wal_newer_at" timestamp with time zone;