import { eventId, type Position } from '../changes/position.ts';
import type { RunRecord } from '../drain/state-store.ts';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';

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
    slot: slotStatus(pipeline.slot, slot, server.flushedLsn, limits.maxSlotWalBytes),
    endpoints: progress.endpoints,
    lease: progress.lease,
    last_drain_at: progress.lastDrainAt,
    runs: progress.runs.map(runStatus),
  };
  const unreadable = readabilityProblem(access, slot, server.database);
  return { ...facts, troubles: findTroubles(facts, unreadable, progress.problem) };
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

function runStatus({ startedAt, finishedAt, status, report }: RunRecord): RunStatus {
  return {
    started_at: startedAt.toISOString(),
    finished_at: finishedAt.toISOString(),
    status,
    report,
  };
}

async function readEndpoints({ pipeline, state }: PipelineAccess): Promise<EndpointStatus[]> {
  const records = await state.loadEndpoints(pipeline.name);
  const deadLetters = await state.countDeadLetters(pipeline.name);
  const known = records.map((record): EndpointStatus => ({
    name: record.endpoint,
    state: pipeline.endpoints.includes(record.endpoint) ? record.state : 'removed',
    reason: record.reason,
    checkpoint: checkpointText(record.settled),
    delivered: Number(record.delivered),
    filtered: Number(record.filtered),
    failed_attempts: Number(record.failedAttempts),
    dead_letters: deadLetters.get(record.endpoint) ?? 0,
    updated_at: record.updatedAt.toISOString(),
  }));
  const names = new Set(known.map(({ name }) => name));
  const fresh = pipeline.endpoints.filter((name) => !names.has(name)).map(newEndpoint);
  return [...known, ...fresh];
}

function unknownProgress({ pipeline }: PipelineAccess, problem: WalhookError): Progress {
  const endpoints = pipeline.endpoints.map(newEndpoint);
  return { endpoints, lease: null, lastDrainAt: null, runs: [], problem };
}

function newEndpoint(name: string): EndpointStatus {
  return {
    name,
    state: 'new',
    reason: null,
    checkpoint: null,
    delivered: 0,
    filtered: 0,
    failed_attempts: 0,
    dead_letters: 0,
    updated_at: null,
  };
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

function checkpointText(settled: Position): string | null {
  return settled.seq < 0 ? null : eventId(settled);
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
