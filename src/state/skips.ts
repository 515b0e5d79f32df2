import { and, desc, eq, sql } from 'drizzle-orm';
import type { SkipRecord } from '../drain/skip.ts';
import type { Lease } from '../drain/state-store.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import { assertTextList } from './damage.ts';
import { DURABLY } from './durable-commit.ts';
import { fromEpochMs, instant } from './instants.ts';
import { isCurrent, leaseLost } from './lease.ts';
import type { StateDatabase } from './state-database.ts';
import { storableText, storableTexts } from './storable-text.ts';

/** Durable once it resolves: the slot moves by it. */
export async function recordSkip(
  state: StateDatabase,
  lease: Lease,
  skip: SkipRecord,
): Promise<SkipRecord> {
  const { db, tables } = state;
  const [error, reason, requestedBy] = await storableTexts(state, [
    skip.error,
    skip.reason,
    skip.requestedBy,
  ]);
  const names = await storableText(state, JSON.stringify(skip.tables));
  const { rows } = await db.execute(sql`
    with lease as materialized (
      select pipeline from ${tables.pipelines} where ${isCurrent(tables, lease)} for share
    ), added as (
      insert into ${tables.skips} (
        pipeline, commit_lsn, from_lsn, begin_lsn, xid, tables, error, reason,
        requested_by, requested_at)
      select lease.pipeline, ${formatLsn(skip.commitLsn)}::pg_lsn, ${formatLsn(skip.fromLsn)}::pg_lsn,
        ${skip.beginLsn === null ? null : formatLsn(skip.beginLsn)}::pg_lsn, ${skip.xid}::bigint,
        ${names}::json, ${error}::text, ${reason}::text, ${requestedBy}::text,
        ${fromEpochMs(sql`${skip.requestedAt.getTime()}::float8`)}
      from lease
      on conflict (pipeline, commit_lsn) do nothing
    )
    select ${DURABLY} from lease`);
  if (rows.length === 0) throw leaseLost(lease);
  return (await loadSkip(state, lease.pipeline, skip.commitLsn))!;
}

export async function loadSkip(
  state: StateDatabase,
  pipeline: string,
  commitLsn: Lsn,
): Promise<SkipRecord | null> {
  const { skips } = state.tables;
  const which = and(eq(skips.pipeline, pipeline), eq(skips.commitLsn, commitLsn));
  const [skip] = await selection(state).where(which);
  return skip === undefined ? null : readable(skip);
}

/** The latest first. */
export async function listSkips(
  state: StateDatabase,
  pipeline: string,
  limit: number,
): Promise<readonly SkipRecord[]> {
  const { skips } = state.tables;
  const rows = await selection(state)
    .where(eq(skips.pipeline, pipeline))
    .orderBy(desc(skips.commitLsn))
    .limit(limit);
  return rows.map(readable);
}

function readable(skip: SkipRecord): SkipRecord {
  const key = `commit_lsn ${formatLsn(skip.commitLsn)}`;
  assertTextList(skip.tables, { table: 'skips', key, column: 'tables' });
  return skip;
}

function selection({ db, tables: { skips } }: StateDatabase) {
  return db
    .select({
      pipeline: skips.pipeline,
      commitLsn: skips.commitLsn,
      fromLsn: skips.fromLsn,
      beginLsn: skips.beginLsn,
      xid: skips.xid,
      tables: skips.tables,
      error: skips.error,
      reason: skips.reason,
      requestedBy: skips.requestedBy,
      requestedAt: instant(skips.requestedAt),
    })
    .from(skips);
}
