CREATE TABLE "walhook"."catalog_records" (
	"pipeline" text NOT NULL,
	"kind" text NOT NULL,
	"oid" bigint NOT NULL,
	"version" text NOT NULL,
	"after_lsn" "pg_lsn" NOT NULL,
	"through_lsn" "pg_lsn" NOT NULL,
	"shape" json NOT NULL,
	CONSTRAINT "catalog_records_pipeline_kind_oid_version_pk" PRIMARY KEY("pipeline","kind","oid","version")
);
--> statement-breakpoint
ALTER TABLE "walhook"."catalog_records" ADD CONSTRAINT "catalog_records_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;