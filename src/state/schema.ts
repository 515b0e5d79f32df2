import { sql } from 'drizzle-orm';
import {
  bigint,
  index,
  integer,
  json,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import { bytea, pgLsn } from './column-types.ts';

// drizzle-kit cannot write a bigint default that is given as a bigint.
const NONE = sql`0`;
const instant = (name: string) => timestamp(name, { withTimezone: true });
const count = (name: string) => bigint(name, { mode: 'bigint' }).notNull().default(NONE);
/** -1 (before the transaction's first event) to 4,294,967,295: one bit more than an integer. */
const sequence = (name: string) => bigint(name, { mode: 'number' });

/** The state tables in the schema of that name. */
export function stateTables(schemaName: string) {
  const schema = pgSchema(schemaName);

  const pipelines = schema.table('pipelines', {
    pipeline: text('pipeline').primaryKey(),
    slot: text('slot').notNull(),
    publication: text('publication').notNull(),
    database: text('database').notNull(),
    systemIdentifier: text('system_identifier'),
    timeline: bigint('timeline', { mode: 'number' }),
    publicationOid: bigint('publication_oid', { mode: 'number' }),
    announcedLsn: pgLsn('announced_lsn').notNull(),
    leaseOwner: text('lease_owner'),
    /** The fencing token. It only grows, also over releases: an old holder can never match again. */
    leaseToken: bigint('lease_token', { mode: 'bigint' }).notNull().default(NONE),
    /** null: nobody holds it. */
    leaseExpiresAt: instant('lease_expires_at'),
    leaseSessionPid: integer('lease_session_pid'),
    leaseSessionStartedAt: instant('lease_session_started_at'),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  });

  const ofPipeline = () =>
    text('pipeline')
      .notNull()
      .references(() => pipelines.pipeline, { onDelete: 'cascade' });

  const endpoints = schema.table(
    'endpoints',
    {
      pipeline: ofPipeline(),
      endpoint: text('endpoint').notNull(),
      commitLsn: pgLsn('commit_lsn').notNull(),
      seq: sequence('seq').notNull(),
      settledAhead: bytea('settled_ahead').notNull(),
      state: text('state', { enum: ['active', 'held'] }).notNull(),
      reason: text('reason'),
      delivered: count('delivered'),
      filtered: count('filtered'),
      deadLettered: count('dead_lettered'),
      failedAttempts: count('failed_attempts'),
      updatedAt: instant('updated_at').notNull().defaultNow(),
    },
    (table) => [primaryKey({ columns: [table.pipeline, table.endpoint] })],
  );

  const runs = schema.table(
    'runs',
    {
      runId: text('run_id').primaryKey(),
      /** No foreign key: a run that failed before its pipeline was registered is worth keeping. */
      pipeline: text('pipeline').notNull(),
      startedAt: instant('started_at').notNull(),
      finishedAt: instant('finished_at').notNull(),
      status: text('status').notNull(),
      /** Not jsonb: that would reorder the keys, and it refuses \u0000 in a string. */
      report: json('report').$type<unknown>().notNull(),
    },
    (table) => [index('runs_pipeline_finished_at').on(table.pipeline, table.finishedAt)],
  );

  const deadLetters = schema.table(
    'dead_letters',
    {
      id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
      pipeline: ofPipeline(),
      endpoint: text('endpoint').notNull(),
      commitLsn: pgLsn('commit_lsn').notNull(),
      seq: sequence('seq').notNull(),
      eventId: text('event_id').notNull(),
      schema: text('schema'),
      table: text('table'),
      operation: text('operation').notNull(),
      body: text('body'),
      reason: text('reason').notNull(),
      detail: text('detail').notNull(),
      createdAt: instant('created_at').notNull().defaultNow(),
    },
    (table) => [
      unique('dead_letters_position').on(
        table.pipeline,
        table.endpoint,
        table.commitLsn,
        table.seq,
      ),
    ],
  );

  const migrations = schema.table('migrations', {
    name: text('name').primaryKey(),
    appliedAt: instant('applied_at').notNull().defaultNow(),
  });

  return { schema, pipelines, endpoints, runs, deadLetters, migrations };
}

export type StateTables = ReturnType<typeof stateTables>;

// drizzle-kit sees a schema and its tables only as exports by name. The migrations it writes carry
// this schema name; migrate.ts puts the configured one in its place.
export const GENERATED_SCHEMA_NAME = 'walhook';
export const { schema, pipelines, endpoints, runs, deadLetters, migrations } =
  stateTables(GENERATED_SCHEMA_NAME);
