import { and, count, eq, gt, sql } from 'drizzle-orm';
import type { Position } from '../changes/position.ts';
import type { RelationMark } from '../changes/relation-mark.ts';
import type { ParkedBatch } from '../delivery/parked-batch.ts';
import type { Lease, ParkedCount, StoredParkedBatch } from '../drain/state-store.ts';
import { formatLsn } from '../pgoutput/lsn.ts';
import { DURABLY } from './durable-commit.ts';
import { assertGroup, assertTexts, readColumn } from './damage.ts';
import { epochMs } from './instants.ts';
import { isCurrent, leaseLost } from './lease.ts';
import { readManifest, readSettledPlaces, writeManifest } from './parked-manifest.ts';
import type { StateDatabase } from './state-database.ts';

/** A look at the backlog ahead is bounded in rows too, or each would read all of it. */
const MAX_BATCHES_A_LOAD = 1_000;

/**
 * The bodies go over as one value, which the driver sends as bytes, and are cut apart there: an
 * array of them would be sent as hexadecimal text.
 */
export async function park(
  { db, tables }: StateDatabase,
  lease: Lease,
  batches: readonly ParkedBatch[],
): Promise<void> {
  const column = <T>(read: (batch: ParkedBatch) => T) => sql.param(batches.map(read));
  const { rows } = await db.execute(sql`
    with lease as materialized (
      select pipeline from ${tables.pipelines} where ${isCurrent(tables, lease)} for share
    ), bodies as materialized (
      select ${sql.param(Buffer.concat(batches.map(({ body }) => body)))}::bytea as bytes
    ), added as (
      insert into ${tables.parkedBatches} (
        pipeline, endpoint, batch_id, lanes, content_type, headers, body, manifest,
        event_count, byte_count, commit_lsn, seq)
      select lease.pipeline, endpoint, batch_id, lanes::json, content_type, headers::json,
        substring(bodies.bytes from body_start for byte_count), manifest,
        event_count, byte_count, commit_lsn, seq
      from lease, bodies, unnest(
        ${column(({ endpoint }) => endpoint)}::text[],
        ${column(({ batchId }) => batchId)}::text[],
        ${column(({ lanes }) => JSON.stringify(lanes))}::text[],
        ${column(({ contentType }) => contentType)}::text[],
        ${column(({ headers }) => JSON.stringify(headers))}::text[],
        ${sql.param(startsOf(batches))}::integer[],
        ${column(({ body }) => body.length)}::integer[],
        ${column(({ events }) => writeManifest(events))}::text[],
        ${column(({ events }) => events.length)}::integer[],
        ${column((batch) => formatLsn(lastPosition(batch).commitLsn))}::pg_lsn[],
        ${column((batch) => lastPosition(batch).seq)}::bigint[])
        with ordinality as batch (endpoint, batch_id, lanes, content_type, headers,
          body_start, byte_count, manifest, event_count, commit_lsn, seq, place)
      -- The ids are drawn after the sort.
      order by place
    )
    select ${DURABLY} from lease`);
  if (rows.length === 0) throw leaseLost(lease);
}

function lastPosition({ events }: ParkedBatch): Position {
  return events.at(-1)!.position;
}

/** Where each body begins among all of them, as the server counts: from 1. */
function startsOf(batches: readonly ParkedBatch[]): number[] {
  let start = 1;
  return batches.map(({ body }) => {
    start += body.length;
    return start - body.length;
  });
}

export async function loadParked(
  { db, tables: { parkedBatches } }: StateDatabase,
  pipeline: string,
  endpoint: string,
  afterId: bigint,
  maxBytes: number,
): Promise<readonly StoredParkedBatch[]> {
  const next = db.$with('next').as(
    db
      .select({ id: parkedBatches.id, byteCount: parkedBatches.byteCount })
      .from(parkedBatches)
      .where(
        and(
          eq(parkedBatches.pipeline, pipeline),
          eq(parkedBatches.endpoint, endpoint),
          gt(parkedBatches.id, afterId),
        ),
      )
      .orderBy(parkedBatches.id)
      .limit(MAX_BATCHES_A_LOAD),
  );
  const summed = db.$with('summed').as(
    db
      .select({
        id: next.id,
        bytesBefore:
          sql<string>`sum(${next.byteCount}) over (order by ${next.id}) - ${next.byteCount}`.as(
            'bytes_before',
          ),
        bytes: sql<string>`sum(${next.byteCount}) over (order by ${next.id})`.as('bytes'),
      })
      .from(next),
  );
  const rows = await db
    .with(next, summed)
    .select({
      id: parkedBatches.id,
      endpoint: parkedBatches.endpoint,
      batchId: parkedBatches.batchId,
      lanes: parkedBatches.lanes,
      contentType: parkedBatches.contentType,
      headers: parkedBatches.headers,
      body: parkedBatches.body,
      manifest: parkedBatches.manifest,
    })
    .from(parkedBatches)
    .innerJoin(summed, eq(summed.id, parkedBatches.id))
    .where(sql`${summed.bytes} <= ${maxBytes} or ${summed.bytesBefore} = 0`)
    .orderBy(parkedBatches.id);
  return rows.map(({ manifest, ...batch }) => {
    const at = (column: string) => ({ table: 'parked_batches', key: `id ${batch.id}`, column });
    assertGroup(batch.lanes, at('lanes'));
    assertTexts(batch.headers, at('headers'));
    return readColumn(at('manifest'), () => ({
      ...batch,
      events: readManifest(manifest, batch.body.length),
      settled: readSettledPlaces(manifest),
    }));
  });
}

export async function countParked(
  { db, tables: { parkedBatches } }: StateDatabase,
  pipeline: string,
): Promise<ReadonlyMap<string, ParkedCount>> {
  const rows = await db
    .select({
      endpoint: parkedBatches.endpoint,
      batches: count(),
      events: sql`sum(${parkedBatches.eventCount})`.mapWith(Number),
      bytes: sql`sum(${parkedBatches.byteCount})`.mapWith(Number),
      oldestMs: epochMs(sql`min(${parkedBatches.createdAt})`).mapWith(Number),
    })
    .from(parkedBatches)
    .where(eq(parkedBatches.pipeline, pipeline))
    .groupBy(parkedBatches.endpoint);
  return new Map(
    rows.map(({ endpoint, oldestMs, ...counts }) => [
      endpoint,
      { ...counts, oldestAt: new Date(oldestMs) },
    ]),
  );
}

/** Many batches have the same few: each list of them comes once. */
export async function parkedRelations(
  { db, tables: { parkedBatches } }: StateDatabase,
  pipeline: string,
): Promise<ReadonlyMap<string, readonly RelationMark[]>> {
  const rows = await db
    .selectDistinct({
      endpoint: parkedBatches.endpoint,
      relations: sql<string | null>`${parkedBatches.lanes} ->> 'relations'`,
    })
    .from(parkedBatches)
    .where(eq(parkedBatches.pipeline, pipeline));
  const relations = new Map<string, RelationMark[]>();
  for (const { endpoint, relations: text } of rows) {
    // What an earlier version parked has other lanes, and passes all of them.
    const place = { table: 'parked_batches', key: `of the endpoint ${endpoint}`, column: 'lanes' };
    const marks = readColumn(place, () => [...(JSON.parse(text ?? '[]') as RelationMark[])]);
    relations.set(endpoint, [...(relations.get(endpoint) ?? []), ...marks]);
  }
  return relations;
}
