import { ERRORS, type ErrorCode } from '../errors/catalogue.ts';
import type { WalhookError } from '../errors/walhook-error.ts';
import type { RunRecord } from '../drain/state-store.ts';
import type { SkipRecord } from '../drain/skip.ts';
import type { Fault, PipelineFacts, RunFacts, SkipFacts, SlotFacts } from '../health/facts.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import { endpointFacts } from './endpoint-status.ts';
import type { Examination, SourceFindings } from './examination.ts';

/** What an examination says of the pipeline's health. */
export function factsOf({ pipeline, at, source, progress }: Examination): PipelineFacts {
  const { problem, endpoints } = progress;
  return {
    pipeline: pipeline.name,
    at,
    slot: source === null ? null : slotFacts(pipeline.slot, source, progress, at),
    refusals: source?.refusals.map(faultOf) ?? null,
    stateProblem: problem === null ? null : faultOf(problem),
    endpoints: problem === null ? endpointFacts(pipeline, endpoints) : null,
    runs: problem === null ? runFacts(progress) : null,
    skips: problem === null ? progress.skips.map(skipFacts) : null,
  };
}

function faultOf({ code, message, remedy }: WalhookError): Fault {
  return { code, message, remedy };
}

/** Bytes of WAL from here to there. */
export function distance(from: Lsn | null, to: Lsn): number | null {
  return from === null ? null : Number(to > from ? to - from : 0n);
}

function slotFacts(
  name: string,
  { slot, server, limits }: SourceFindings,
  { headway }: Examination['progress'],
  at: number,
): SlotFacts {
  const confirmed = slot?.confirmedLsn ?? null;
  const behind = headway?.behind ?? null;
  const isBehind = confirmed !== null && behind !== null && behind.lsn > confirmed;
  return {
    name,
    exists: slot !== null,
    walStatus: slot?.walStatus ?? null,
    lagBytes: distance(confirmed, server.flushedLsn),
    heldBytes: distance(slot?.restartLsn ?? null, server.flushedLsn),
    safeBytes: slot === null || slot.safeWalBytes === null ? null : Number(slot.safeWalBytes),
    maxHeldBytes: limits.maxSlotWalBytes === null ? null : Number(limits.maxSlotWalBytes),
    oldestUnconfirmedMs: isBehind ? Math.max(0, at - behind.at.getTime()) : null,
  };
}

/** A drain that caught up makes those before it history, and leaves no trace where it found nothing. */
function runFacts({ runs, headway }: Examination['progress']): RunFacts[] {
  const caughtUpAt = headway?.caughtUpAt?.getTime() ?? -Infinity;
  return runs.filter(({ finishedAt }) => finishedAt.getTime() >= caughtUpAt).map(factsOfRun);
}

function skipFacts({ commitLsn, requestedBy, requestedAt, reason, error }: SkipRecord): SkipFacts {
  const at = requestedAt.getTime();
  return { commitLsn: formatLsn(commitLsn), requestedBy, requestedAt: at, reason, error };
}

export function factsOfRun({
  runId,
  startedAt,
  status,
  report,
}: Omit<RunRecord, 'pipeline' | 'finishedAt'>): RunFacts {
  return { runId, startedAt: startedAt.getTime(), status, error: errorIn(report) };
}

/** Of another version of walhook, perhaps: what it lacks is not known. */
function errorIn(report: unknown): Fault | null {
  const { error } = { ...(report as { readonly error?: Partial<Fault> | null } | null) };
  if (typeof error?.message !== 'string') return null;
  const code = isErrorCode(error.code) ? error.code : 'internal';
  const remedy = typeof error.remedy === 'string' ? error.remedy : ERRORS[code].remedy;
  return { code, message: error.message, remedy };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}
