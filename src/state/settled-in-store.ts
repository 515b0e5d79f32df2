import { sql } from 'drizzle-orm';
import { comparePositions, type Position } from '../changes/position.ts';
import { parseLsn } from '../pgoutput/lsn.ts';
import { readColumn } from './damage.ts';
import { readManifest } from './parked-manifest.ts';
import type { StateDatabase } from './state-database.ts';

/** A dead letter, or a parked batch's events; with the endpoint's checkpoint, if there is one. */
type Row = {
  id: string;
  endpoint: string;
  checkpoint_lsn: string | null;
  checkpoint_seq: string | null;
  commit_lsn: string | null;
  seq: string | null;
  manifest: string | null;
};

/**
 * One statement, so that checkpoint and rows are of one moment. A batch that ends beyond the
 * checkpoint may begin before it.
 */
export async function settledInStore(
  { db, tables: { endpoints, deadLetters, parkedBatches } }: StateDatabase,
  pipeline: string,
): Promise<ReadonlyMap<string, readonly Position[]>> {
  const { rows } = await db.execute<Row>(sql`
    with kept as (
      select id, endpoint, commit_lsn, seq, null as manifest from ${deadLetters}
      where pipeline = ${pipeline}
      union all
      select id, endpoint, commit_lsn, seq, manifest from ${parkedBatches}
      where pipeline = ${pipeline}
    )
    select kept.*, e.commit_lsn as checkpoint_lsn, e.seq as checkpoint_seq
    from kept left join ${endpoints} as e
      on e.pipeline = ${pipeline} and e.endpoint = kept.endpoint
    where e.endpoint is null or (kept.commit_lsn, kept.seq) > (e.commit_lsn, e.seq)`);
  const beyond = new Map<string, Position[]>();
  for (const row of rows) {
    const positions = beyond.get(row.endpoint) ?? [];
    beyond.set(row.endpoint, positions);
    positions.push(...positionsIn(row).filter((position) => isBeyondCheckpoint(position, row)));
  }
  return beyond;
}

function isBeyondCheckpoint(
  position: Position,
  { checkpoint_lsn: lsn, checkpoint_seq: seq }: Row,
): boolean {
  if (lsn === null) return true;
  return comparePositions(position, { commitLsn: parseLsn(lsn), seq: Number(seq) }) > 0;
}

function positionsIn({ id, commit_lsn: lsn, seq, manifest }: Row): Position[] {
  if (manifest !== null) {
    const place = { table: 'parked_batches', key: `id ${id}`, column: 'manifest' };
    return readColumn(place, () => readManifest(manifest).map(({ position }) => position));
  }
  return lsn === null ? [] : [{ commitLsn: parseLsn(lsn), seq: Number(seq) }];
}

/** A dead letter of a parked batch is younger than the batch. */
export async function setAsideSinceParked(
  { db, tables: { deadLetters, parkedBatches } }: StateDatabase,
  pipeline: string,
  endpoint: string,
): Promise<readonly Position[]> {
  const { rows } = await db.execute<{ commit_lsn: string; seq: string }>(sql`
    select commit_lsn, seq from ${deadLetters}
    where pipeline = ${pipeline} and endpoint = ${endpoint} and created_at >= (
      select min(created_at) from ${parkedBatches}
      where pipeline = ${pipeline} and endpoint = ${endpoint})`);
  return rows.map(({ commit_lsn: lsn, seq }) => ({ commitLsn: parseLsn(lsn), seq: Number(seq) }));
}
