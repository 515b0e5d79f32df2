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
];
