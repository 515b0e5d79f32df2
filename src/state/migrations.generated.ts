// Written by scripts/embed-migrations.mjs from drizzle/. Do not edit.

export type Migration = { readonly name: string; readonly statements: readonly string[] };

export const MIGRATIONS: readonly Migration[] = [
  {
    name: '0000_drain_state',
    statements: [
      `CREATE TABLE "walhook"."dead_letters" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "walhook"."dead_letters_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"pipeline" text NOT NULL,
	"endpoint" text NOT NULL,
	"commit_lsn" "pg_lsn" NOT NULL,
	"seq" bigint NOT NULL,
	"event_id" text NOT NULL,
	"schema" text,
	"table" text,
	"operation" text NOT NULL,
	"body" text,
	"reason" text NOT NULL,
	"detail" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dead_letters_position" UNIQUE("pipeline","endpoint","commit_lsn","seq")
);`,
      `CREATE TABLE "walhook"."endpoints" (
	"pipeline" text NOT NULL,
	"endpoint" text NOT NULL,
	"commit_lsn" "pg_lsn" NOT NULL,
	"seq" bigint NOT NULL,
	"settled_ahead" "bytea" NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"delivered" bigint DEFAULT 0 NOT NULL,
	"filtered" bigint DEFAULT 0 NOT NULL,
	"dead_lettered" bigint DEFAULT 0 NOT NULL,
	"failed_attempts" bigint DEFAULT 0 NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "endpoints_pipeline_endpoint_pk" PRIMARY KEY("pipeline","endpoint")
);`,
      `CREATE TABLE "walhook"."migrations" (
	"name" text PRIMARY KEY NOT NULL,
	"applied_at" timestamp with time zone DEFAULT now() NOT NULL
);`,
      `CREATE TABLE "walhook"."pipelines" (
	"pipeline" text PRIMARY KEY NOT NULL,
	"slot" text NOT NULL,
	"publication" text NOT NULL,
	"database" text NOT NULL,
	"system_identifier" text,
	"timeline" bigint,
	"publication_oid" bigint,
	"announced_lsn" "pg_lsn" NOT NULL,
	"lease_owner" text,
	"lease_token" bigint DEFAULT 0 NOT NULL,
	"lease_expires_at" timestamp with time zone,
	"lease_session_pid" integer,
	"lease_session_started_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);`,
      `CREATE TABLE "walhook"."runs" (
	"run_id" text PRIMARY KEY NOT NULL,
	"pipeline" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone NOT NULL,
	"status" text NOT NULL,
	"report" json NOT NULL
);`,
      `ALTER TABLE "walhook"."dead_letters" ADD CONSTRAINT "dead_letters_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;`,
      `ALTER TABLE "walhook"."endpoints" ADD CONSTRAINT "endpoints_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;`,
      `CREATE INDEX "runs_pipeline_finished_at" ON "walhook"."runs" USING btree ("pipeline","finished_at");`,
    ],
  },
  {
    name: '0001_dispatcher',
    statements: [
      `CREATE TABLE "walhook"."incidents" (
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
);`,
      `CREATE TABLE "walhook"."parked_batches" (
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
);`,
      `ALTER TABLE "walhook"."dead_letters" ADD COLUMN "content_type" text;`,
      `ALTER TABLE "walhook"."dead_letters" ADD COLUMN "headers" json;`,
      `ALTER TABLE "walhook"."dead_letters" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "walhook"."dead_letters" ADD COLUMN "last_attempt_at" timestamp with time zone;`,
      `ALTER TABLE "walhook"."dead_letters" ADD COLUMN "answer_status" integer;`,
      `ALTER TABLE "walhook"."dead_letters" ADD COLUMN "answer_body" text;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "breaker" text DEFAULT 'closed' NOT NULL;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "consecutive_failures" integer DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "down_since" timestamp with time zone;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "next_attempt_at" timestamp with time zone;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "paused_at" timestamp with time zone;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "paused_reason" text;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "pause_parks" boolean DEFAULT false NOT NULL;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "parked" bigint DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "walhook"."incidents" ADD CONSTRAINT "incidents_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;`,
      `ALTER TABLE "walhook"."parked_batches" ADD CONSTRAINT "parked_batches_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;`,
      `CREATE UNIQUE INDEX "incidents_open" ON "walhook"."incidents" USING btree ("pipeline","rule","subject") WHERE "walhook"."incidents"."resolved_at" is null;`,
      `CREATE INDEX "parked_batches_order" ON "walhook"."parked_batches" USING btree ("pipeline","endpoint","id");`,
    ],
  },
  {
    name: '0002_tallies',
    statements: [
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "events_by_operation" bigint[] DEFAULT '{}' NOT NULL;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "attempts_by_outcome" bigint[] DEFAULT '{}' NOT NULL;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "attempts_by_latency" bigint[] DEFAULT '{}' NOT NULL;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "attempt_ms" bigint DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "window_wal_bytes" bigint DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "window_decode_ms" bigint DEFAULT 0 NOT NULL;`,
    ],
  },
  {
    name: '0003_endpoint_missed',
    statements: [
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "missed_from_lsn" "pg_lsn";`,
    ],
  },
  {
    name: '0004_endpoint_stuck',
    statements: [
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "stuck_event_id" text;`,
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "stuck_times" integer DEFAULT 0 NOT NULL;`,
    ],
  },
  {
    name: '0005_headway',
    statements: [
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "caught_up_at" timestamp with time zone;`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "settled_through_at" timestamp with time zone;`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "behind_lsn" "pg_lsn";`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "behind_at" timestamp with time zone;`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "wal_older_lsn" "pg_lsn";`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "wal_older_at" timestamp with time zone;`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "wal_newer_lsn" "pg_lsn";`,
      `ALTER TABLE "walhook"."pipelines" ADD COLUMN "wal_newer_at" timestamp with time zone;`,
    ],
  },
  {
    name: '0006_last_failure',
    statements: [
      `ALTER TABLE "walhook"."endpoints" ADD COLUMN "last_failure" text;`,
    ],
  },
  {
    name: '0007_catalog_records',
    statements: [
      `CREATE TABLE "walhook"."catalog_records" (
	"pipeline" text NOT NULL,
	"kind" text NOT NULL,
	"oid" bigint NOT NULL,
	"version" text NOT NULL,
	"after_lsn" "pg_lsn" NOT NULL,
	"through_lsn" "pg_lsn" NOT NULL,
	"shape" json NOT NULL,
	CONSTRAINT "catalog_records_pipeline_kind_oid_version_pk" PRIMARY KEY("pipeline","kind","oid","version")
);`,
      `ALTER TABLE "walhook"."catalog_records" ADD CONSTRAINT "catalog_records_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;`,
    ],
  },
  {
    name: '0008_skips',
    statements: [
      `CREATE TABLE "walhook"."skips" (
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
);`,
      `ALTER TABLE "walhook"."skips" ADD CONSTRAINT "skips_pipeline_pipelines_pipeline_fk" FOREIGN KEY ("pipeline") REFERENCES "walhook"."pipelines"("pipeline") ON DELETE cascade ON UPDATE no action;`,
    ],
  },
  {
    name: '0009_dead_letter_key',
    statements: [
      `ALTER TABLE "walhook"."dead_letters" ADD COLUMN "key" text;`,
    ],
  },
];
