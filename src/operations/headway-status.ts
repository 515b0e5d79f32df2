import type { PipelineHeadway } from '../drain/headway.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import type { Status } from './pipeline-status.ts';

/** WAL comes in bursts: the rate of less time than that says nothing. */
const LEAST_SPAN_MS = 60_000;

type HeadwayStatus = Pick<Status, 'caught_up_at' | 'settled_through' | 'wal_bytes_per_second'>;

export function headwayStatus(
  headway: PipelineHeadway | null,
  flushed: Lsn,
  now: number,
): HeadwayStatus {
  if (headway === null) {
    return { caught_up_at: null, settled_through: null, wal_bytes_per_second: null };
  }
  const { caughtUpAt, settledThrough, registeredAt } = headway;
  return {
    caught_up_at: caughtUpAt?.toISOString() ?? null,
    settled_through: (settledThrough ?? registeredAt).toISOString(),
    wal_bytes_per_second: walRate(headway, flushed, now),
  };
}

function walRate({ walSince }: PipelineHeadway, flushed: Lsn, now: number): number | null {
  if (walSince === null) return null;
  const spanMs = now - walSince.at.getTime();
  if (spanMs < LEAST_SPAN_MS) return null;
  const written = Number(flushed > walSince.lsn ? flushed - walSince.lsn : 0n);
  return (written / spanMs) * 1_000;
}
