import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  json,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { KeyShape } from '../changes/catalog-past.ts';
import type { PgType } from '../changes/type-catalog.ts';
import { failureKinds } from '../delivery/circuit-breaker.ts';
import type { ParkedLanes } from '../delivery/parked-batch.ts';
import { bytea, pgLsn } from './column-types.ts';

// drizzle-kit cannot write a bigint default that is given as a bigint.
const NONE = sql`0`;
const instant = (name: string) => timestamp(name, { withTimezone: true });
const count = (name: string) => bigint(name, { mode: 'bigint' }).notNull().default(NONE);
/** As many numbers as there are of what it counts, in the order of delivery/tally.ts; the rest is 0. */
const counts = (name: string) =>
  bigint(name, { mode: 'number' })
    .array()
    .notNull()
    .default(sql`'{}'`);
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
    windowWalBytes: count('window_wal_bytes'),
    windowDecodeMs: count('window_decode_ms'),
    /** What these tell: drain/headway.ts. They are written as the lease is released. */
    caughtUpAt: instant('caught_up_at'),
    settledThroughAt: instant('settled_through_at'),
    behindLsn: pgLsn('behind_lsn'),
    behindAt: instant('behind_at'),
    walOlderLsn: pgLsn('wal_older_lsn'),
    walOlderAt: instant('wal_older_at'),
    walNewerLsn: pgLsn('wal_newer_lsn'),
    walNewerAt: instant('wal_newer_at'),
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
      /** While it was not configured, the slot moved on from here over events it has not settled. */
      missedFromLsn: pgLsn('missed_from_lsn'),
      /** What it did with events in the last drain. */
      state: text('state', { enum: ['active', 'held', 'parking'] }).notNull(),
      reason: text('reason'),
      breaker: text('breaker', { enum: ['closed', 'open'] })
        .notNull()
        .default('closed'),
      consecutiveFailures: integer('consecutive_failures').notNull().default(0),
      /** Since when no attempt succeeded; null while the last one did. */
      downSince: instant('down_since'),
      /** An open breaker lets one attempt through from here on. */
      nextAttemptAt: instant('next_attempt_at'),
      /** The last event that may itself be why attempts fail, and how often it was. */
      stuckEventId: text('stuck_event_id'),
      stuckTimes: integer('stuck_times').notNull().default(0),
      /** What the last attempt came to, where it failed. */
      lastFailure: text('last_failure', { enum: failureKinds }),
      /** By a person, or by an answer 410; only a person resumes it. */
      pausedAt: instant('paused_at'),
      pausedReason: text('paused_reason'),
      /** Its events are parked while it is paused; else it holds the slot. */
      pauseParks: boolean('pause_parks').notNull().default(false),
      delivered: count('delivered'),
      filtered: count('filtered'),
      parked: count('parked'),
      deadLettered: count('dead_lettered'),
      failedAttempts: count('failed_attempts'),
      eventsByOperation: counts('events_by_operation'),
      attemptsByOutcome: counts('attempts_by_outcome'),
      attemptsByLatency: counts('attempts_by_latency'),
      attemptMs: count('attempt_ms'),
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
      /** The row's key as JSON; null where none is known, and in those of before this column. */
      key: text('key'),
      /** The event's own text in the endpoint's format; null where it was too large to be kept. */
      body: text('body'),
      contentType: text('content_type'),
      /** What the format puts beside a body that is one event alone. */
      headers: json('headers').$type<Readonly<Record<string, string>>>(),
      reason: text('reason').notNull(),
      detail: text('detail').notNull(),
      attempts: integer('attempts').notNull().default(0),
      lastAttemptAt: instant('last_attempt_at'),
      /** Of the last answer; null where none came. */
      answerStatus: integer('answer_status'),
      answerBody: text('answer_body'),
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

  const parkedBatches = schema.table(
    'parked_batches',
    {
      /** Grows in the order in which the batches are to be sent. */
      id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
      pipeline: ofPipeline(),
      endpoint: text('endpoint').notNull(),
      batchId: text('batch_id').notNull(),
      lanes: json('lanes').$type<ParkedLanes>().notNull(),
      contentType: text('content_type').notNull(),
      headers: json('headers').$type<Readonly<Record<string, string>>>().notNull(),
      body: bytea('body').notNull(),
      /** Which events the body holds and where: see delivery/parked-batch.ts. */
      manifest: text('manifest').notNull(),
      eventCount: integer('event_count').notNull(),
      byteCount: integer('byte_count').notNull(),
      /** The position of its last event. */
      commitLsn: pgLsn('commit_lsn').notNull(),
      seq: sequence('seq').notNull(),
      createdAt: instant('created_at').notNull().defaultNow(),
    },
    (table) => [index('parked_batches_order').on(table.pipeline, table.endpoint, table.id)],
  );

  const incidents = schema.table(
    'incidents',
    {
      pipeline: ofPipeline(),
      rule: text('rule').notNull(),
      /** The endpoint's name, or empty where it is about the pipeline. */
      subject: text('subject').notNull(),
      openedAt: instant('opened_at').notNull(),
      lastSeenAt: instant('last_seen_at').notNull(),
      resolvedAt: instant('resolved_at'),
      detail: text('detail').notNull(),
      notifiedAt: instant('notified_at'),
      resolvedNotifiedAt: instant('resolved_notified_at'),
      attempts: integer('attempts').notNull().default(0),
      lastError: text('last_error'),
    },
    (table) => [
      primaryKey({ columns: [table.pipeline, table.rule, table.subject, table.openedAt] }),
      uniqueIndex('incidents_open')
        .on(table.pipeline, table.rule, table.subject)
        .where(sql`${table.resolvedAt} is null`),
    ],
  );

  const catalogRecords = schema.table(
    'catalog_records',
    {
      pipeline: ofPipeline(),
      kind: text('kind', { enum: ['type', 'key'] }).notNull(),
      /** Of the type, or of the table that the key is of. */
      oid: bigint('oid', { mode: 'number' }).notNull(),
      /** Another one after each change of it in the catalog. */
      version: text('version').notNull(),
      /** It holds for changes that come after the one, up to the other. */
      afterLsn: pgLsn('after_lsn').notNull(),
      throughLsn: pgLsn('through_lsn').notNull(),
      /** What is not ASCII in it is escaped, for whatever encoding. */
      shape: json('shape').$type<PgType | KeyShape>().notNull(),
    },
    (table) => [primaryKey({ columns: [table.pipeline, table.kind, table.oid, table.version] })],
  );

  const skips = schema.table(
    'skips',
    {
      pipeline: ofPipeline(),
      /** The transaction's commit record. Once the slot stands behind it, it has been passed over. */
      commitLsn: pgLsn('commit_lsn').notNull(),
      /** Where the slot stood when it was asked for. */
      fromLsn: pgLsn('from_lsn').notNull(),
      beginLsn: pgLsn('begin_lsn'),
      xid: bigint('xid', { mode: 'number' }),
      tables: json('tables').$type<readonly string[]>().notNull(),
      /** Why it cannot be read. */
      error: text('error').notNull(),
      /** Of the person who asked for it. */
      reason: text('reason').notNull(),
      requestedBy: text('requested_by').notNull(),
      requestedAt: instant('requested_at').notNull(),
    },
    (table) => [primaryKey({ columns: [table.pipeline, table.commitLsn] })],
  );

  const migrations = schema.table('migrations', {
    name: text('name').primaryKey(),
    appliedAt: instant('applied_at').notNull().defaultNow(),
  });

  return {
    schema,
    pipelines,
    endpoints,
    runs,
    deadLetters,
    parkedBatches,
    incidents,
    catalogRecords,
    skips,
    migrations,
  };
}

export type StateTables = ReturnType<typeof stateTables>;

// drizzle-kit sees a schema and its tables only as exports by name. The migrations it writes carry
// this schema name; migrate.ts puts the configured one in its place.
export const GENERATED_SCHEMA_NAME = 'walhook';
export const {
  schema,
  pipelines,
  endpoints,
  runs,
  deadLetters,
  parkedBatches,
  incidents,
  catalogRecords,
  skips,
  migrations,
} = stateTables(GENERATED_SCHEMA_NAME);
