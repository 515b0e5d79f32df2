import { eq, type SQL, sql } from 'drizzle-orm';
import { ZERO_LSN, formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import { type Position, positionBefore } from '../changes/position.ts';
import { HEALTHY, type Stuck } from '../delivery/circuit-breaker.ts';
import type { PartlyReplayed } from '../delivery/replayed.ts';
import type { EndpointProgress, EndpointRecord, Lease, Pause } from '../drain/state-store.ts';
import { NO_WINDOWS, type WindowTotals } from '../drain/window-totals.ts';
import { damaged } from './damage.ts';
import { DURABLY } from './durable-commit.ts';
import {
  CLOCK,
  epochMs,
  epochMsOrNull,
  fromEpochMs,
  fromNow,
  instant,
  storableMs,
} from './instants.ts';
import { isCurrent, leaseLost } from './lease.ts';
import { type PauseColumns, pauseOf } from './pauses.ts';
import type { StateDatabase } from './state-database.ts';
import { storableTexts } from './storable-text.ts';
import { addedUp, arrayText, plus, sumOf } from './tallies.ts';

/**
 * One statement, one round trip: where the lease is no longer current, `lease` is empty, and so is
 * everything that is selected from it. The arrays keep the statement's text the same for any number
 * of endpoints. A checkpoint behind the stored one is not taken over: under a lease it only grows.
 * Pauses are a person's to write; they are only read here.
 */
export async function saveProgress(
  state: StateDatabase,
  lease: Lease,
  ttlMs: number,
  progress: readonly EndpointProgress[],
  sentBatches: readonly bigint[] = [],
  partlySent: readonly PartlyReplayed[] = [],
  windows: WindowTotals = NO_WINDOWS,
): Promise<ReadonlyMap<string, Pause>> {
  const { db, tables } = state;
  const column = <T>(read: (entry: EndpointProgress) => T) => sql.param(progress.map(read));
  const reasons = await storableTexts(
    state,
    progress.map(({ reason }) => reason),
  );
  const told = progress.filter(({ health }) => health !== null).map(({ endpoint }) => endpoint);
  const ifTold = (name: string): SQL => {
    const health = sql.identifier(name);
    return sql`case when kept.endpoint = any(${sql.param(told)}::text[])
      then excluded.${health} else kept.${health} end`;
  };
  const { rows } = await db.execute<PauseColumns & { endpoint: string | null }>(sql`
    with lease as (
      update ${tables.pipelines} set lease_expires_at = ${fromNow(ttlMs)}, updated_at = ${CLOCK},
        window_wal_bytes = ${plus(tables.pipelines.windowWalBytes, windows.walBytes)},
        window_decode_ms = ${plus(tables.pipelines.windowDecodeMs, windows.decodedMs)}
      where ${isCurrent(tables, lease)}
      returning pipeline
    ), saved as (
      insert into ${tables.endpoints} as kept (
        pipeline, endpoint, commit_lsn, seq, settled_ahead, state, reason,
        breaker, consecutive_failures, down_since, next_attempt_at,
        last_failure, stuck_event_id, stuck_times,
        delivered, filtered, parked, dead_lettered, failed_attempts,
        events_by_operation, attempts_by_outcome, attempts_by_latency, attempt_ms)
      select lease.pipeline, endpoint, commit_lsn, seq, settled_ahead, state, reason,
        coalesce(breaker, ${HEALTHY.breaker}), coalesce(consecutive_failures, 0),
        ${fromEpochMs(sql`down_since_ms`)}, ${fromEpochMs(sql`next_attempt_at_ms`)},
        last_failure,
        stuck_event_id, coalesce(stuck_times, 0),
        delivered, filtered, parked, dead_lettered, failed_attempts,
        events_by_operation::bigint[], attempts_by_outcome::bigint[],
        attempts_by_latency::bigint[], attempt_ms
      from lease, unnest(
        ${column(({ endpoint }) => endpoint)}::text[],
        ${column(({ settled }) => formatLsn(settled.commitLsn))}::pg_lsn[],
        ${column(({ settled }) => settled.seq)}::bigint[],
        ${column(({ settledAhead }) => settledAhead)}::bytea[],
        ${column((entry) => entry.state)}::text[],
        ${sql.param(reasons)}::text[],
        ${column(({ health }) => health?.breaker ?? null)}::text[],
        ${column(({ health }) => upToLargest(health?.consecutiveFailures))}::integer[],
        ${column(({ health }) => storableMs(health?.downSince ?? null))}::float8[],
        ${column(({ health }) => storableMs(health?.nextAttemptAt ?? null))}::float8[],
        ${column(({ health }) => health?.lastFailure ?? null)}::text[],
        ${column(({ health }) => health?.stuck?.eventId ?? null)}::text[],
        ${column(({ health }) => upToLargest(health?.stuck?.times))}::integer[],
        ${column(({ delivered }) => delivered)}::bigint[],
        ${column(({ filtered }) => filtered)}::bigint[],
        ${column(({ parked }) => parked)}::bigint[],
        ${column(({ deadLettered }) => deadLettered)}::bigint[],
        ${column(({ failedAttempts }) => failedAttempts)}::bigint[],
        ${column(({ tally }) => arrayText(tally.events))}::text[],
        ${column(({ tally }) => arrayText(tally.attempts))}::text[],
        ${column(({ tally }) => arrayText(tally.latencies))}::text[],
        ${column(({ tally }) => Math.round(tally.attemptMs))}::bigint[])
        as entry (endpoint, commit_lsn, seq, settled_ahead, state, reason,
          breaker, consecutive_failures, down_since_ms, next_attempt_at_ms,
          last_failure, stuck_event_id, stuck_times,
          delivered, filtered, parked, dead_lettered, failed_attempts,
          events_by_operation, attempts_by_outcome, attempts_by_latency, attempt_ms)
      on conflict (pipeline, endpoint) do update set
        commit_lsn = ${unlessBehind('commit_lsn')},
        seq = ${unlessBehind('seq')},
        settled_ahead = ${unlessBehind('settled_ahead')},
        missed_from_lsn = null,
        state = excluded.state,
        reason = excluded.reason,
        breaker = ${ifTold('breaker')},
        consecutive_failures = ${ifTold('consecutive_failures')},
        down_since = ${ifTold('down_since')},
        next_attempt_at = ${ifTold('next_attempt_at')},
        last_failure = ${ifTold('last_failure')},
        stuck_event_id = ${ifTold('stuck_event_id')},
        stuck_times = ${ifTold('stuck_times')},
        delivered = ${counted('delivered')},
        filtered = ${counted('filtered')},
        parked = ${counted('parked')},
        dead_lettered = ${counted('dead_lettered')},
        failed_attempts = ${counted('failed_attempts')},
        events_by_operation = ${addedUp('events_by_operation')},
        attempts_by_outcome = ${addedUp('attempts_by_outcome')},
        attempts_by_latency = ${addedUp('attempts_by_latency')},
        attempt_ms = ${counted('attempt_ms')},
        updated_at = ${CLOCK}
    ), forgotten as (
      delete from ${tables.parkedBatches} as p using lease
      where p.pipeline = lease.pipeline and p.id = any(${sql.param(sentBatches.map(String))}::bigint[])
    ), noted as (
      update ${tables.parkedBatches} as p
      set manifest = (p.manifest::jsonb || jsonb_build_object('settled', entry.settled::jsonb))::text
      from lease, unnest(
        ${sql.param(partlySent.map(({ id }) => String(id)))}::bigint[],
        ${sql.param(partlySent.map(({ settled }) => JSON.stringify(settled)))}::text[])
        as entry (id, settled)
      where p.pipeline = lease.pipeline and p.id = entry.id
    )
    select ${DURABLY}, e.endpoint, ${epochMs(sql`e.paused_at`)} as paused_at_ms,
      e.paused_reason, e.pause_parks
    from lease left join ${tables.endpoints} as e
      on e.pipeline = lease.pipeline and e.paused_at is not null`);
  if (rows.length === 0) throw leaseLost(lease);
  return pausesIn(rows);
}

function pausesIn(
  rows: readonly (PauseColumns & { readonly endpoint: string | null })[],
): ReadonlyMap<string, Pause> {
  const pauses = new Map<string, Pause>();
  for (const row of rows) {
    const pause = pauseOf(row);
    if (row.endpoint !== null && pause !== null) pauses.set(row.endpoint, pause);
  }
  return pauses;
}

/** Of an integer column: a count that was damaged grows no further. */
function upToLargest(count: number | undefined): number | null {
  return count === undefined ? null : Math.min(count, 2 ** 31 - 1);
}

function counted(name: string): SQL {
  const column = sql.identifier(name);
  return sumOf(sql`kept.${column}`, sql`excluded.${column}`);
}

function unlessBehind(name: string): SQL {
  const column = sql.identifier(name);
  return sql`case
    when (excluded.commit_lsn, excluded.seq) >= (kept.commit_lsn, kept.seq) then excluded.${column}
    else kept.${column} end`;
}

export async function loadEndpoints(
  { db, tables: { endpoints } }: StateDatabase,
  pipeline: string,
): Promise<readonly EndpointRecord[]> {
  const rows = await db
    .select({
      endpoint: endpoints.endpoint,
      settled: { commitLsn: endpoints.commitLsn, seq: endpoints.seq },
      // However large it is, no more comes over than shows that it is too large.
      settledAhead: sql`substring(${endpoints.settledAhead} for ${MOST_AHEAD_BYTES + 1})`.mapWith(
        endpoints.settledAhead,
      ),
      missedFrom: endpoints.missedFromLsn,
      state: endpoints.state,
      reason: endpoints.reason,
      health: {
        breaker: endpoints.breaker,
        consecutiveFailures: endpoints.consecutiveFailures,
        downSince: epochMsOrNull(endpoints.downSince),
        nextAttemptAt: epochMsOrNull(endpoints.nextAttemptAt),
        lastFailure: endpoints.lastFailure,
      },
      stuck: { eventId: endpoints.stuckEventId, times: endpoints.stuckTimes },
      pause: {
        paused_at_ms: epochMsOrNull(endpoints.pausedAt),
        paused_reason: endpoints.pausedReason,
        pause_parks: endpoints.pauseParks,
      },
      delivered: endpoints.delivered,
      filtered: endpoints.filtered,
      parked: endpoints.parked,
      deadLettered: endpoints.deadLettered,
      failedAttempts: endpoints.failedAttempts,
      updatedAt: instant(endpoints.updatedAt),
    })
    .from(endpoints)
    .where(eq(endpoints.pipeline, pipeline))
    .orderBy(endpoints.endpoint);
  for (const row of rows) assertCheckpoint(row);
  return rows.map(({ stuck, ...row }) => ({
    ...row,
    health: { ...row.health, stuck: stuckOf(stuck) },
    pause: pauseOf(row.pause),
  }));
}

/** Many times what the events that may be settled ahead take, in any order. */
const MOST_AHEAD_BYTES = 4 << 20;
const LAST_SEQ = 2 ** 32 - 1;

function assertCheckpoint(row: {
  readonly endpoint: string;
  readonly settled: Position;
  readonly settledAhead: Uint8Array;
}): void {
  const at = (column: string) => ({ table: 'endpoints', key: `endpoint ${row.endpoint}`, column });
  const { seq } = row.settled;
  if (seq < -1 || seq > LAST_SEQ) throw damaged(at('seq'), 'is no sequence in a transaction');
  const { settledAhead } = row;
  if (settledAhead.length > MOST_AHEAD_BYTES) {
    throw damaged(at('settled_ahead'), `holds more than ${MOST_AHEAD_BYTES} bytes`);
  }
}

export async function noteMissed(
  { db, tables }: StateDatabase,
  lease: Lease,
  endpoints: readonly string[],
  from: Lsn,
): Promise<void> {
  const { rows } = await db.execute(sql`
    with lease as (
      select pipeline from ${tables.pipelines} where ${isCurrent(tables, lease)} for update
    ), noted as (
      update ${tables.endpoints} as e set missed_from_lsn = ${formatLsn(from)}::pg_lsn
      from lease
      where e.pipeline = lease.pipeline and e.missed_from_lsn is null
        and e.endpoint = any(${sql.param(endpoints)}::text[])
    )
    select ${DURABLY} from lease`);
  if (rows.length === 0) throw leaseLost(lease);
}

function stuckOf({ eventId, times }: { eventId: string | null; times: number }): Stuck | null {
  return eventId === null ? null : { eventId, times };
}

/** Back before everything; the sums and the state of an endpoint are not a part of its checkpoint. */
export async function forgetCheckpoints(
  { db, tables: { endpoints, catalogRecords } }: StateDatabase,
  pipeline: string,
): Promise<void> {
  const { commitLsn, seq } = positionBefore(ZERO_LSN);
  const forgotten = db
    .$with('forgotten')
    .as(
      db
        .delete(catalogRecords)
        .where(eq(catalogRecords.pipeline, pipeline))
        .returning({ oid: catalogRecords.oid }),
    );
  await db
    .with(forgotten)
    .update(endpoints)
    .set({ commitLsn, seq, settledAhead: new Uint8Array(), missedFromLsn: null, updatedAt: CLOCK })
    .where(eq(endpoints.pipeline, pipeline));
}
