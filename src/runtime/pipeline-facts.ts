import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainReport } from '../drain/report.ts';
import type { StateStore } from '../drain/state-store.ts';
import type {
  EndpointFacts,
  PipelineFacts,
  RunFacts,
  SkipFacts,
  SlotFacts,
} from '../incidents/facts.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { Connection } from '../postgres/connection.ts';
import { readServer } from '../postgres/server.ts';
import { readLimits } from '../postgres/server-limits.ts';
import { readSlot } from '../postgres/slot.ts';

export type FactSources = {
  readonly config: ResolvedConfig;
  /** null where it cannot be reached. */
  readonly source: Connection | null;
  readonly state: StateStore;
  readonly report: DrainReport;
  readonly now: number;
};

/** Of transactions that were passed over, so many are looked at. */
const SKIPS = 20;
/** Of failures in a row, so many are looked at. */
const RUNS = 100;

/** What is known of a pipeline after a drain. Throws WalhookError. */
export async function gatherFacts(sources: FactSources): Promise<PipelineFacts> {
  const { config, now } = sources;
  return {
    pipeline: config.pipeline,
    at: now,
    // A role that may not look, say: what the state tables tell is told all the same.
    slot: await readSlotFacts(sources).catch(() => null),
    endpoints: await readEndpointFacts(sources),
    runs: await readRuns(sources),
    skips: await readSkips(sources),
  };
}

/** Bytes of WAL from here to there. */
function distance(from: Lsn | null, to: Lsn): number | null {
  return from === null ? null : Number(to > from ? to - from : 0n);
}

async function readSlotFacts(sources: FactSources): Promise<SlotFacts | null> {
  const { config, source } = sources;
  if (source === null) return null;
  const { flushedLsn } = await readServer(source);
  const { maxSlotWalBytes } = await readLimits(source);
  const slot = await readSlot(source, config.slot);
  const confirmed = slot?.confirmedLsn ?? null;
  return {
    name: config.slot,
    exists: slot !== null,
    walStatus: slot?.walStatus ?? null,
    lagBytes: distance(confirmed, flushedLsn),
    heldBytes: distance(slot?.restartLsn ?? null, flushedLsn),
    safeBytes: slot === null || slot.safeWalBytes === null ? null : Number(slot.safeWalBytes),
    maxHeldBytes: maxSlotWalBytes === null ? null : Number(maxSlotWalBytes),
    oldestUnconfirmedMs: await readWaitingMs(sources, confirmed),
  };
}

/** How long the oldest change waits, at the least. */
async function readWaitingMs(
  { config, state, report, now }: FactSources,
  confirmed: Lsn | null,
): Promise<number | null> {
  if (report.status === 'caught_up') return 0;
  const behind = (await state.loadHeadway(config.pipeline))?.behind ?? null;
  if (confirmed === null || behind === null || behind.lsn <= confirmed) return null;
  return Math.max(0, now - behind.at.getTime());
}

async function readEndpointFacts({ config, state }: FactSources): Promise<EndpointFacts[]> {
  const { pipeline } = config;
  const records = await state.loadEndpoints(pipeline);
  const deadLetters = await state.countDeadLetters(pipeline);
  const parked = await state.countParked(pipeline);
  return config.endpoints.map((endpoint) => {
    const { name } = endpoint;
    const record = records.find((each) => each.endpoint === name);
    const pause = record?.pause ?? null;
    return {
      name,
      reason: record?.reason ?? null,
      downSince: record?.health.downSince ?? null,
      lastFailure: record?.health.lastFailure ?? null,
      pause: pause === null ? null : { at: pause.at.getTime(), reason: pause.reason },
      deadLetters: deadLetters.get(name) ?? 0,
      parkedEvents: parked.get(name)?.events ?? 0,
      parkedBytes: parked.get(name)?.bytes ?? 0,
      caps:
        'maxParkedEvents' in endpoint
          ? { events: endpoint.maxParkedEvents, bytes: endpoint.maxParkedBytes }
          : null,
    };
  });
}

async function readSkips({ config, state }: FactSources): Promise<SkipFacts[]> {
  const skips = await state.listSkips(config.pipeline, SKIPS);
  return skips.map(({ commitLsn, requestedBy, requestedAt, reason, error }) => ({
    commitLsn: formatLsn(commitLsn),
    requestedBy,
    requestedAt: requestedAt.getTime(),
    reason,
    error,
  }));
}

/**
 * The one that has just ended first: it is not recorded where it found nothing. One that has caught up
 * makes the others history.
 */
async function readRuns({ config, state, report, now }: FactSources): Promise<readonly RunFacts[]> {
  const current = runOf(report.run_id, now - report.duration_ms, report.status, report);
  if (report.status === 'caught_up') return [current];
  const recorded = await state.listRuns(config.pipeline, RUNS);
  const runs = recorded.map(({ runId, startedAt, status, report: said }) =>
    runOf(runId, startedAt.getTime(), status, said),
  );
  if (runs.some(({ runId }) => runId === report.run_id)) return runs;
  return [current, ...runs];
}

function runOf(runId: string, startedAt: number, status: string, report: unknown): RunFacts {
  // Of another version of walhook, perhaps: what it lacks is not known.
  const { error } = { ...(report as Partial<DrainReport> | null) };
  return {
    runId,
    startedAt,
    status,
    error: typeof error?.message === 'string' ? `${error.message} (${error.code})` : null,
  };
}
