CREATE TABLE "walhook"."skips" (
	"pipeline" text NOT NULL,
	"commit_lsn" "pg_lsn" NOT NULL,
	"from_lsn" "pg_lsn" NOT NULL,
	"begin_lsn" "pg_lsn",
	"xid" bigint,
	"tables" json NOT NULL,
	"error" text NOT NULL,
	"reason" text NOT NULL,
	"requested_by" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	CONSTRAINT "skips_pipeline_commit_lsn_pk" PRIMARY KEY("pipeline","commit_lsn")
);
--> statement-breakpoint
ALTER TABLE "walhook"."skips" ADD CONSTRAINT "skips_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;