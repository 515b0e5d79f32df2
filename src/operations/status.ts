import type { PipelineHeadway } from '../drain/headway.ts';
import type { RunRecord } from '../drain/state-store.ts';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import { connectionStatus } from './connection-status.ts';
import { newEndpoint, readEndpoints } from './endpoint-status.ts';
import { headwayStatus } from './headway-status.ts';
import type { PipelineAccess } from './pipeline.ts';
import type { EndpointStatus, RunStatus, SlotStatus, Status } from './pipeline-status.ts';
import type { SlotFacts } from './source-database.ts';
import { findTroubles } from './troubles.ts';

const RUNS = 5;

/** Where the pipeline stands. What is missing is a trouble in the answer. Throws WalhookError. */
export async function readStatus(access: PipelineAccess, now: number): Promise<Status> {
  const { database, pipeline } = access;
  const server = await database.readServer();
  const limits = await database.readLimits();
  const slot = await database.readSlot(pipeline.slot);
  const publication = await database.readPublication(pipeline.publication);
  const progress = await readProgress(access, now);
  const facts = {
    pipeline: pipeline.name,
    database: server.database,
    publication: { name: pipeline.publication, exists: publication !== null },
    connection: connectionStatus(await database.readSession()),
    slot: slotStatus(pipeline.slot, slot, server.flushedLsn, limits.maxSlotWalBytes),
    endpoints: progress.endpoints,
    lease: progress.lease,
    last_drain_at: progress.lastDrainAt,
    ...headwayStatus(progress.headway, server.flushedLsn, now),
    runs: progress.runs.map(runStatus),
  };
  const unreadable = readabilityProblem(access, slot, server.database);
  return { ...facts, troubles: findTroubles(facts, unreadable, progress.problem, now) };
}

function slotStatus(
  name: string,
  slot: SlotFacts | null,
  flushed: Lsn,
  maxHeld: bigint | null,
): SlotStatus {
  return {
    name,
    exists: slot !== null,
    plugin: slot?.plugin ?? null,
    database: slot?.database ?? null,
    active_pid: slot?.activePid ?? null,
    confirmed_lsn: textOf(slot?.confirmedLsn ?? null),
    restart_lsn: textOf(slot?.restartLsn ?? null),
    wal_status: slot?.walStatus ?? null,
    invalidation_reason: slot?.invalidationReason ?? null,
    lag_bytes: distance(slot?.confirmedLsn ?? null, flushed),
    held_bytes: distance(slot?.restartLsn ?? null, flushed),
    safe_bytes: numberOf(slot?.safeWalBytes ?? null),
    max_held_bytes: numberOf(maxHeld),
  };
}

type Progress = {
  readonly endpoints: readonly EndpointStatus[];
  readonly lease: Status['lease'];
  readonly lastDrainAt: string | null;
  readonly headway: PipelineHeadway | null;
  readonly runs: readonly RunRecord[];
  /** Why nothing is known of the progress, if so. */
  readonly problem: WalhookError | null;
};

async function readProgress(access: PipelineAccess, now: number): Promise<Progress> {
  const { pipeline, state } = access;
  try {
    await state.assertReady();
    const lease = await state.readLease(pipeline.name);
    if (lease === null) return unknownProgress(access, notRegistered(pipeline.name));
    const held = lease.owner !== null && Number(lease.expiresAt) > now;
    return {
      endpoints: await readEndpoints(access),
      lease: held
        ? { owner: lease.owner, expires_at: new Date(Number(lease.expiresAt)).toISOString() }
        : null,
      lastDrainAt: lease.lastChangedAt.toISOString(),
      headway: await state.loadHeadway(pipeline.name),
      runs: await state.listRuns(pipeline.name, RUNS),
      problem: null,
    };
  } catch (error) {
    if (isWalhookError(error, 'state_missing') || isWalhookError(error, 'state_outdated')) {
      return unknownProgress(access, error);
    }
    throw error;
  }
}

/** The latest first. Throws state_missing, state_outdated. */
export async function listRuns(
  { pipeline, state }: PipelineAccess,
  limit: number,
): Promise<readonly RunStatus[]> {
  return (await state.listRuns(pipeline.name, limit)).map(runStatus);
}

function runStatus({ startedAt, finishedAt, status, report }: RunRecord): RunStatus {
  return {
    started_at: startedAt.toISOString(),
    finished_at: finishedAt.toISOString(),
    status,
    report,
  };
}

function unknownProgress({ pipeline }: PipelineAccess, problem: WalhookError): Progress {
  const endpoints = pipeline.endpoints.map(newEndpoint);
  return { endpoints, lease: null, lastDrainAt: null, headway: null, runs: [], problem };
}

function notRegistered(pipeline: string): WalhookError {
  return new WalhookError('state_missing', `the pipeline "${pipeline}" has not been set up`);
}

function readabilityProblem(
  { database, pipeline }: PipelineAccess,
  slot: SlotFacts | null,
  databaseName: string,
): WalhookError | null {
  try {
    database.assertReadable(slot, pipeline.slot, databaseName);
    return null;
  } catch (error) {
    if (error instanceof WalhookError) return error;
    throw error;
  }
}

function distance(from: Lsn | null, to: Lsn): number | null {
  if (from === null) return null;
  return Number(to > from ? to - from : 0n);
}

function textOf(lsn: Lsn | null): string | null {
  return lsn === null ? null : formatLsn(lsn);
}

function numberOf(bytes: bigint | null): number | null {
  return bytes === null ? null : Number(bytes);
}
