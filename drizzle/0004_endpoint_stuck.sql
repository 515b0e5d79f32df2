ALTER TABLE "walhook"."endpoints" ADD COLUMN "stuck_event_id" text;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "stuck_times" integer DEFAULT 0 NOT NULL;