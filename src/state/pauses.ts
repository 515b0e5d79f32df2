import { and, eq, isNotNull, or, sql } from 'drizzle-orm';
import { positionBefore } from '../changes/position.ts';
import { HEALTHY } from '../delivery/circuit-breaker.ts';
import type { Pause } from '../drain/state-store.ts';
import { formatLsn, ZERO_LSN } from '../pgoutput/lsn.ts';
import { CLOCK } from './instants.ts';
import { notRegistered } from './pipelines.ts';
import type { StateDatabase } from './state-database.ts';
import { storableText } from './storable-text.ts';

/** As the driver gives them. */
export type PauseColumns = {
  readonly paused_at_ms: number | null;
  readonly paused_reason: string | null;
  readonly pause_parks: boolean | null;
};

export function pauseOf(columns: PauseColumns): Pause | null {
  const { paused_at_ms: atMs, paused_reason: reason, pause_parks: parks } = columns;
  if (atMs === null) return null;
  return { at: new Date(Number(atMs)), reason: reason ?? '', parks: parks ?? false };
}

/**
 * An endpoint that was never drained to has no row yet. It gets one with the lowest checkpoint, so
 * that it still starts where the slot stands. Paused again, it is paused since the first time.
 */
export async function pauseEndpoint(
  state: StateDatabase,
  pipeline: string,
  endpoint: string,
  { reason, parks }: Omit<Pause, 'at'>,
): Promise<void> {
  const { db, tables, schemaName } = state;
  const told = await storableText(state, reason);
  const { commitLsn, seq } = positionBefore(ZERO_LSN);
  const { rows } = await db.execute(sql`
    insert into ${tables.endpoints} as kept (
      pipeline, endpoint, commit_lsn, seq, settled_ahead, state,
      paused_at, paused_reason, pause_parks)
    select pipeline, ${endpoint}, ${formatLsn(commitLsn)}::pg_lsn, ${seq}::bigint, ''::bytea, 'active',
      ${CLOCK}, ${told}::text, ${parks}::boolean
    from ${tables.pipelines} where pipeline = ${pipeline}
    on conflict (pipeline, endpoint) do update set
      paused_at = coalesce(kept.paused_at, excluded.paused_at),
      paused_reason = excluded.paused_reason,
      pause_parks = excluded.pause_parks,
      updated_at = ${CLOCK}
    returning endpoint`);
  if (rows.length === 0) throw notRegistered(pipeline, schemaName);
}

/** Since when it is down, and from what, stays: whether it is back, the next attempt shows. */
export async function resumeEndpoint(
  { db, tables: { endpoints } }: StateDatabase,
  pipeline: string,
  endpoint: string,
): Promise<boolean> {
  const { breaker, consecutiveFailures } = HEALTHY;
  const resumed = await db
    .update(endpoints)
    .set({
      pausedAt: null,
      pausedReason: null,
      pauseParks: false,
      breaker,
      consecutiveFailures,
      nextAttemptAt: null,
      updatedAt: CLOCK,
    })
    .where(
      and(
        eq(endpoints.pipeline, pipeline),
        eq(endpoints.endpoint, endpoint),
        or(
          isNotNull(endpoints.pausedAt),
          isNotNull(endpoints.nextAttemptAt),
          eq(endpoints.breaker, 'open'),
        ),
      ),
    )
    .returning({ endpoint: endpoints.endpoint });
  return resumed.length > 0;
}
