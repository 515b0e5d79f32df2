import { parseLsn } from '../pgoutput/lsn.ts';
import type { RunStatus, Status } from './pipeline-status.ts';

export type ProgressFigures = {
  /** When a drain last ended with everything delivered; null: not within the runs that are known. */
  readonly lastSuccessMs: number | null;
  /** What has been committed for longer is delivered, or what is known begins later. */
  readonly lagMs: number | null;
  /** Since the oldest run that is known began. */
  readonly walBytesPerSecond: number | null;
  /** Until the slot can be lost, were WAL written at that rate and nothing drained; null: never. */
  readonly safeForMs: number | null;
};

/** Two machines' clocks date a drain's end. */
const CLOCK_SKEW_MS = 2_000;

/** What follows from the slot, the last runs, and that drains which found nothing leave no run. */
export function progressFigures(status: Status, now: number): ProgressFigures {
  const caughtUp = lastCaughtUp(status);
  const walBytesPerSecond = walRate(status, now);
  const { safe_bytes: safe } = status.slot;
  const oldest = status.runs.at(-1);
  const since = caughtUp?.fromMs ?? (oldest === undefined ? null : Date.parse(oldest.started_at));
  return {
    lastSuccessMs: caughtUp?.untilMs ?? null,
    lagMs: since === null ? null : Math.max(0, now - since),
    walBytesPerSecond,
    safeForMs:
      safe === null || walBytesPerSecond === null || walBytesPerSecond <= 0
        ? null
        : (Math.max(0, safe) / walBytesPerSecond) * 1_000,
  };
}

/** Of the last drain that delivered everything: when it looked how far to go, and when it ended. */
function lastCaughtUp({
  runs,
  lease,
  last_drain_at: last,
}: Status): { readonly fromMs: number; readonly untilMs: number } | null {
  const lastMs = last === null ? null : Date.parse(last);
  const [latest] = runs;
  const foundNothing =
    lease === null &&
    lastMs !== null &&
    (latest === undefined ||
      (latest.status === 'caught_up' && lastMs > Date.parse(latest.finished_at) + CLOCK_SKEW_MS));
  if (foundNothing) return { fromMs: lastMs, untilMs: lastMs };
  const run = runs.find(({ status }) => status === 'caught_up');
  return run === undefined
    ? null
    : { fromMs: Date.parse(run.started_at), untilMs: Date.parse(run.finished_at) };
}

function walRate({ slot, runs }: Status, now: number): number | null {
  const oldest = runs.findLast((run) => targetOf(run) !== null);
  if (oldest === undefined || slot.confirmed_lsn === null || slot.lag_bytes === null) return null;
  const seconds = (now - Date.parse(oldest.started_at)) / 1_000;
  const flushed = Number(parseLsn(slot.confirmed_lsn)) + slot.lag_bytes;
  return seconds <= 0 ? null : Math.max(0, flushed - targetOf(oldest)!) / seconds;
}

/** How far the WAL was flushed when the run began. A report may be of another version than this one. */
function targetOf({ report }: RunStatus): number | null {
  if (typeof report !== 'object' || report === null || !('target_lsn' in report)) return null;
  const { target_lsn: target } = report;
  return typeof target === 'string' && /^[\dA-F]{1,8}\/[\dA-F]{1,8}$/i.test(target)
    ? Number(parseLsn(target))
    : null;
}
