CREATE TABLE "walhook"."incidents" (
	"pipeline" text NOT NULL,
	"rule" text NOT NULL,
	"subject" text NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"resolved_at" timestamp with time zone,
	"detail" text NOT NULL,
	"notified_at" timestamp with time zone,
	"resolved_notified_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	CONSTRAINT "incidents_pipeline_rule_subject_opened_at_pk" PRIMARY KEY("pipeline","rule","subject","opened_at")
);
--> statement-breakpoint
CREATE TABLE "walhook"."parked_batches" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "walhook"."parked_batches_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"pipeline" text NOT NULL,
	"endpoint" text NOT NULL,
	"batch_id" text NOT NULL,
	"lanes" json NOT NULL,
	"content_type" text NOT NULL,
	"headers" json NOT NULL,
	"body" "bytea" NOT NULL,
	"manifest" text NOT NULL,
	"event_count" integer NOT NULL,
	"byte_count" integer NOT NULL,
	"commit_lsn" "pg_lsn" NOT NULL,
	"seq" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "walhook"."dead_letters" ADD COLUMN "content_type" text;--> statement-breakpoint
ALTER TABLE "walhook"."dead_letters" ADD COLUMN "headers" json;--> statement-breakpoint
ALTER TABLE "walhook"."dead_letters" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."dead_letters" ADD COLUMN "last_attempt_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "walhook"."dead_letters" ADD COLUMN "answer_status" integer;--> statement-breakpoint
ALTER TABLE "walhook"."dead_letters" ADD COLUMN "answer_body" text;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "breaker" text DEFAULT 'closed' NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "consecutive_failures" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "down_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "next_attempt_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "paused_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "paused_reason" text;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "pause_parks" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."endpoints" ADD COLUMN "parked" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "walhook"."incidents" ADD CONSTRAINT "incidents_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "walhook"."parked_batches" ADD CONSTRAINT "parked_batches_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "incidents_open" ON "walhook"."incidents" USING btree ("pipeline","rule","subject") WHERE "walhook"."incidents"."resolved_at" is null;--> statement-breakpoint
CREATE INDEX "parked_batches_order" ON "walhook"."parked_batches" USING btree ("pipeline","endpoint","id");