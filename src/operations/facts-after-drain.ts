import type { DrainReport } from '../drain/report.ts';
import type { WalhookError } from '../errors/walhook-error.ts';
import type { PipelineFacts, RunFacts } from '../health/facts.ts';
import { examineWhatCanBeSeen } from './examine.ts';
import { factsOf, factsOfRun } from './facts-of.ts';
import type { PipelineAccess } from './pipeline.ts';
import type { SourceDatabase } from './source-database.ts';

export type AfterDrain = {
  readonly report: DrainReport;
  readonly now: number;
  /** Told why a part is not known, of which nothing is concluded then. */
  readonly onUnknown: (error: WalhookError) => void;
};

/** Of failures in a row, so many are looked at. */
const RUNS = 100;

/** What is known of a pipeline after a drain; `database` is null where it is away. Throws WalhookError. */
export async function factsAfterDrain(
  access: Omit<PipelineAccess, 'database'> & { readonly database: SourceDatabase | null },
  { report, now, onUnknown }: AfterDrain,
): Promise<PipelineFacts> {
  const facts = factsOf(await examineWhatCanBeSeen(access, now, { runs: RUNS, onUnknown }));
  const isCaughtUp = report.status === 'caught_up';
  return {
    ...facts,
    slot:
      facts.slot !== null && isCaughtUp ? { ...facts.slot, oldestUnconfirmedMs: 0 } : facts.slot,
    runs: withCurrent(facts.runs ?? [], report, now),
  };
}

/**
 * The one that has just ended first: it is not recorded where it found nothing. One that has caught up
 * makes the others history.
 */
function withCurrent(
  recorded: readonly RunFacts[],
  report: DrainReport,
  now: number,
): readonly RunFacts[] {
  const { run_id: runId, status, duration_ms: ms } = report;
  const current = factsOfRun({ runId, startedAt: new Date(now - ms), status, report });
  if (status === 'caught_up') return [current];
  return recorded.some((run) => run.runId === runId) ? recorded : [current, ...recorded];
}
