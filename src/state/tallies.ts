import { eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { EMPTY_TALLY } from '../delivery/tally.ts';
import type { PipelineTallies } from '../drain/state-store.ts';
import { NO_WINDOWS } from '../drain/window-totals.ts';
import type { StateDatabase } from './state-database.ts';

export async function loadTallies(
  { db, tables: { endpoints, pipelines } }: StateDatabase,
  pipeline: string,
): Promise<PipelineTallies> {
  const [windows] = await db
    .select({ walBytes: pipelines.windowWalBytes, decodedMs: pipelines.windowDecodeMs })
    .from(pipelines)
    .where(eq(pipelines.pipeline, pipeline));
  const rows = await db
    .select({
      endpoint: endpoints.endpoint,
      events: endpoints.eventsByOperation,
      attempts: endpoints.attemptsByOutcome,
      latencies: endpoints.attemptsByLatency,
      attemptMs: endpoints.attemptMs,
    })
    .from(endpoints)
    .where(eq(endpoints.pipeline, pipeline))
    .orderBy(endpoints.endpoint);
  return {
    windows:
      windows === undefined
        ? NO_WINDOWS
        : { walBytes: Number(windows.walBytes), decodedMs: Number(windows.decodedMs) },
    endpoints: new Map(
      rows.map(({ endpoint, events, attempts, latencies, attemptMs }) => [
        endpoint,
        {
          events: completed(events, EMPTY_TALLY.events),
          attempts: completed(attempts, EMPTY_TALLY.attempts),
          latencies: completed(latencies, EMPTY_TALLY.latencies),
          attemptMs: Number(attemptMs),
        },
      ]),
    ),
  };
}

/** In an update of the row that is called `kept`: its numbers and those that were to be inserted. */
export function addedUp(name: string): SQL {
  const column = sql.identifier(name);
  return sql`array(
    select ${sumOf(sql`coalesce(sum, 0)`, sql`coalesce(more, 0)`)}
    from unnest(kept.${column}, excluded.${column}) with ordinality as counted (sum, more, place)
    order by place)`;
}

/** As Postgres reads an array: of several, the driver would make one of two dimensions. */
export function arrayText(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

export function plus(column: SQLWrapper, more: number): SQL {
  return sumOf(column, sql`${Math.round(more)}::bigint`);
}

/** It stays at the largest bigint: a count that was damaged must not be what fails a drain. */
export function sumOf(kept: SQLWrapper, more: SQLWrapper): SQL {
  return sql`${kept} + least(${more}, ${LARGEST_BIGINT} - greatest(${kept}, 0))`;
}

const LARGEST_BIGINT = sql`9223372036854775807`;

/** A row from before something was counted has fewer numbers. */
function completed(values: readonly number[], empty: readonly number[]): readonly number[] {
  return empty.map((zero, index) => values[index] ?? zero);
}
