import { eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { DrainHeadway, FlushedAt, PipelineHeadway } from '../drain/headway.ts';
import { formatLsn, type Lsn, ZERO_LSN } from '../pgoutput/lsn.ts';
import { epochMsOrNull, instant, time } from './instants.ts';
import type { StateTables } from './schema.ts';
import type { StateDatabase } from './state-database.ts';

type Pipelines = StateTables['pipelines'];

/** So old is a sample of the WAL before it is taken for a rate: the rate is that of 5 to 10 minutes. */
const SAMPLE_MS = 5 * 60_000;

/** LSNs of one cluster say nothing of another. */
export const FORGOTTEN_LSNS = {
  behindLsn: null,
  behindAt: null,
  walOlderLsn: null,
  walOlderAt: null,
  walNewerLsn: null,
  walNewerAt: null,
} as const;

/** What a drain's end changes in the pipeline's row. */
export function headwayOf(pipelines: Pipelines, headway: DrainHeadway): Record<string, unknown> {
  return { ...settledColumns(pipelines, headway), ...walColumns(pipelines, headway.target) };
}

function settledColumns(
  { behindLsn, behindAt, settledThroughAt }: Pipelines,
  { target, endedAt, slotAt, settled }: DrainHeadway,
): Record<string, unknown> {
  if (settled === 'target') {
    const nothing = { behindLsn: null, behindAt: null };
    return { caughtUpAt: time(endedAt), settledThroughAt: time(target.at), ...nothing };
  }
  const slot = lsn(slotAt ?? ZERO_LSN);
  const isBehind = slotAt === null || slotAt < target.lsn;
  const keptOr = (column: SQLWrapper, otherwise: SQL): SQL =>
    sql`case when ${behindLsn} > ${slot} then ${column} else ${otherwise} end`;
  return {
    behindLsn: keptOr(behindLsn, isBehind ? lsn(target.lsn) : sql`null`),
    behindAt: keptOr(behindAt, isBehind ? time(target.at) : sql`null`),
    ...(settled === 'slot' && {
      settledThroughAt: isBehind
        ? sql`case when ${behindLsn} <= ${slot} then ${behindAt} else ${settledThroughAt} end`
        : time(target.at),
    }),
  };
}

/** Two samples, so that the older one is never of a moment ago. */
function walColumns(
  { walOlderLsn, walOlderAt, walNewerLsn, walNewerAt }: Pipelines,
  { lsn: at, at: date }: FlushedAt,
): Record<string, SQL> {
  const isDue = sql`coalesce(${walNewerAt} <= ${time(new Date(date.getTime() - SAMPLE_MS))}, true)`;
  const whenDue = (column: SQLWrapper, next: SQL): SQL =>
    sql`case when ${isDue} then ${next} else ${column} end`;
  return {
    walOlderLsn: whenDue(walOlderLsn, sql`coalesce(${walNewerLsn}, ${lsn(at)})`),
    walOlderAt: whenDue(walOlderAt, sql`coalesce(${walNewerAt}, ${time(date)})`),
    walNewerLsn: whenDue(walNewerLsn, lsn(at)),
    walNewerAt: whenDue(walNewerAt, time(date)),
  };
}

/** null: no such pipeline. */
export async function loadHeadway(
  { db, tables: { pipelines } }: StateDatabase,
  pipeline: string,
): Promise<PipelineHeadway | null> {
  const [row] = await db
    .select({
      registeredAt: instant(pipelines.createdAt),
      caughtUpMs: epochMsOrNull(pipelines.caughtUpAt),
      settledThroughMs: epochMsOrNull(pipelines.settledThroughAt),
      behindLsn: pipelines.behindLsn,
      behindMs: epochMsOrNull(pipelines.behindAt),
      walLsn: pipelines.walOlderLsn,
      walMs: epochMsOrNull(pipelines.walOlderAt),
    })
    .from(pipelines)
    .where(eq(pipelines.pipeline, pipeline));
  if (row === undefined) return null;
  return {
    registeredAt: row.registeredAt,
    caughtUpAt: dateOf(row.caughtUpMs),
    settledThrough: dateOf(row.settledThroughMs),
    behind: flushedAt(row.behindLsn, row.behindMs),
    walSince: flushedAt(row.walLsn, row.walMs),
  };
}

function flushedAt(at: Lsn | null, ms: number | null): FlushedAt | null {
  return at === null || ms === null ? null : { lsn: at, at: new Date(ms) };
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

function lsn(value: Lsn): SQL {
  return sql`${formatLsn(value)}::pg_lsn`;
}
