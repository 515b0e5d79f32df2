import { and, count, desc, eq, lt, sql } from 'drizzle-orm';
import type { RunRecord } from '../drain/state-store.ts';
import { isTooDeep } from './damage.ts';
import { instant, time } from './instants.ts';
import type { StateDatabase } from './state-database.ts';
import { storableText } from './storable-text.ts';

/**
 * Records the run, and drops those that ended more than `keepMs` before it: by the clock that dated
 * them, which need not be the server's. A run recorded twice is one run.
 */
export async function recordRun(
  state: StateDatabase,
  { runId, report, startedAt, finishedAt, ...rest }: RunRecord,
  keepMs: number,
): Promise<void> {
  const {
    db,
    tables: { runs },
  } = state;
  const run = {
    ...rest,
    startedAt: time(startedAt),
    finishedAt: time(finishedAt),
    report: sql`${await storableText(state, JSON.stringify(report))}::json`,
  };
  const oldest = time(new Date(finishedAt.getTime() - keepMs));
  const pruned = db.$with('pruned').as(
    db
      .delete(runs)
      .where(and(eq(runs.pipeline, run.pipeline), lt(runs.finishedAt, oldest)))
      .returning({ runId: runs.runId }),
  );
  await db
    .with(pruned)
    .insert(runs)
    .values({ runId, ...run })
    .onConflictDoUpdate({ target: runs.runId, set: run });
}

/** The latest first. */
export async function listRuns(
  { db, tables: { runs } }: StateDatabase,
  pipeline: string,
  limit: number,
): Promise<readonly RunRecord[]> {
  const rows = await db
    .select({
      runId: runs.runId,
      pipeline: runs.pipeline,
      startedAt: instant(runs.startedAt),
      finishedAt: instant(runs.finishedAt),
      status: runs.status,
      report: runs.report,
    })
    .from(runs)
    .where(eq(runs.pipeline, pipeline))
    .orderBy(desc(runs.finishedAt), desc(runs.runId))
    .limit(limit);
  // It is there to be read by people: one that was damaged hinders nothing.
  return rows.map((row) => (isTooDeep(row.report) ? { ...row, report: null } : row));
}

/** By status. */
export async function countRuns(
  { db, tables: { runs } }: StateDatabase,
  pipeline: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .select({ status: runs.status, runs: count() })
    .from(runs)
    .where(eq(runs.pipeline, pipeline))
    .groupBy(runs.status);
  return new Map(rows.map((row) => [row.status, row.runs]));
}
