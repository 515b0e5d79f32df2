import { eq, type SQL, sql } from 'drizzle-orm';
import { ZERO_LSN, formatLsn } from '../pgoutput/lsn.ts';
import { positionBefore } from '../changes/position.ts';
import type { EndpointProgress, EndpointRecord, Lease } from '../drain/state-store.ts';
import { DURABLY } from './durable-commit.ts';
import { CLOCK, fromNow, instant } from './instants.ts';
import { isCurrent, leaseLost } from './lease.ts';
import type { StateDatabase } from './state-database.ts';
import { storableTextOrNull } from './storable-text.ts';

/**
 * One statement, one round trip: where the lease is no longer current, `lease` is empty, and so is
 * everything that is selected from it. The arrays keep the statement's text the same for any number
 * of endpoints. A checkpoint behind the stored one is not taken over: under a lease it only grows.
 */
export async function saveProgress(
  { db, tables }: StateDatabase,
  lease: Lease,
  ttlMs: number,
  progress: readonly EndpointProgress[],
): Promise<void> {
  const column = <T>(read: (entry: EndpointProgress) => T) => sql.param(progress.map(read));
  const { rows } = await db.execute(sql`
    with lease as (
      update ${tables.pipelines} set lease_expires_at = ${fromNow(ttlMs)}, updated_at = ${CLOCK}
      where ${isCurrent(tables, lease)}
      returning pipeline
    ), saved as (
      insert into ${tables.endpoints} as kept (
        pipeline, endpoint, commit_lsn, seq, settled_ahead, state, reason,
        delivered, filtered, dead_lettered, failed_attempts)
      select lease.pipeline, entry.*
      from lease, unnest(
        ${column(({ endpoint }) => endpoint)}::text[],
        ${column(({ settled }) => formatLsn(settled.commitLsn))}::pg_lsn[],
        ${column(({ settled }) => settled.seq)}::bigint[],
        ${column(({ settledAhead }) => settledAhead)}::bytea[],
        ${column(({ state }) => state)}::text[],
        ${column(({ reason }) => storableTextOrNull(reason))}::text[],
        ${column(({ delivered }) => delivered)}::bigint[],
        ${column(({ filtered }) => filtered)}::bigint[],
        ${column(({ deadLettered }) => deadLettered)}::bigint[],
        ${column(({ failedAttempts }) => failedAttempts)}::bigint[]) as entry
      on conflict (pipeline, endpoint) do update set
        commit_lsn = ${unlessBehind('commit_lsn')},
        seq = ${unlessBehind('seq')},
        settled_ahead = ${unlessBehind('settled_ahead')},
        state = excluded.state,
        reason = excluded.reason,
        delivered = kept.delivered + excluded.delivered,
        filtered = kept.filtered + excluded.filtered,
        dead_lettered = kept.dead_lettered + excluded.dead_lettered,
        failed_attempts = kept.failed_attempts + excluded.failed_attempts,
        updated_at = ${CLOCK}
    )
    select ${DURABLY} from lease`);
  if (rows.length === 0) throw leaseLost(lease);
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
      settledAhead: endpoints.settledAhead,
      state: endpoints.state,
      reason: endpoints.reason,
      delivered: endpoints.delivered,
      filtered: endpoints.filtered,
      deadLettered: endpoints.deadLettered,
      failedAttempts: endpoints.failedAttempts,
      updatedAt: instant(endpoints.updatedAt),
    })
    .from(endpoints)
    .where(eq(endpoints.pipeline, pipeline))
    .orderBy(endpoints.endpoint);
  return rows;
}

/** Back before everything; the sums and the state of an endpoint are not a part of its checkpoint. */
export async function forgetCheckpoints(
  { db, tables: { endpoints } }: StateDatabase,
  pipeline: string,
): Promise<void> {
  const { commitLsn, seq } = positionBefore(ZERO_LSN);
  await db
    .update(endpoints)
    .set({ commitLsn, seq, settledAhead: new Uint8Array(), updatedAt: CLOCK })
    .where(eq(endpoints.pipeline, pipeline));
}
