import { count, eq, sql } from 'drizzle-orm';
import type { DeadLetter, Lease } from '../drain/state-store.ts';
import { formatLsn } from '../pgoutput/lsn.ts';
import { DURABLY } from './durable-commit.ts';
import { isCurrent, leaseLost } from './lease.ts';
import type { StateDatabase } from './state-database.ts';
import { storableText, storableTextOrNull } from './storable-text.ts';

/** The row of the lease is locked, so that nobody takes it over before the letters are committed. */
export async function addDeadLetters(
  { db, tables }: StateDatabase,
  lease: Lease,
  letters: readonly DeadLetter[],
): Promise<void> {
  const column = <T>(read: (letter: DeadLetter) => T) => sql.param(letters.map(read));
  const { rows } = await db.execute(sql`
    with lease as materialized (
      select pipeline from ${tables.pipelines} where ${isCurrent(tables, lease)} for share
    ), added as (
      insert into ${tables.deadLetters} (
        pipeline, endpoint, commit_lsn, seq, event_id, schema, "table", operation,
        body, reason, detail)
      select lease.pipeline, letter.*
      from lease, unnest(
        ${column(({ endpoint }) => endpoint)}::text[],
        ${column(({ position }) => formatLsn(position.commitLsn))}::pg_lsn[],
        ${column(({ position }) => position.seq)}::bigint[],
        ${column(({ eventId }) => eventId)}::text[],
        ${column(({ schema }) => schema)}::text[],
        ${column(({ table }) => table)}::text[],
        ${column(({ operation }) => operation)}::text[],
        ${column(({ body }) => storableTextOrNull(body))}::text[],
        ${column(({ reason }) => reason)}::text[],
        ${column(({ detail }) => storableText(detail))}::text[]) as letter
      on conflict on constraint dead_letters_position do nothing
    )
    select ${DURABLY} from lease`);
  if (rows.length === 0) throw leaseLost(lease);
}

export async function countDeadLetters(
  { db, tables: { deadLetters } }: StateDatabase,
  pipeline: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .select({ endpoint: deadLetters.endpoint, letters: count() })
    .from(deadLetters)
    .where(eq(deadLetters.pipeline, pipeline))
    .groupBy(deadLetters.endpoint);
  return new Map(rows.map(({ endpoint, letters }) => [endpoint, letters]));
}
