import type { RunRecord } from '../drain/state-store.ts';
import { conditionStatus, troubleText } from '../health/views/status.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import { connectionStatus } from './connection-status.ts';
import { endpointStatuses } from './endpoint-status.ts';
import type { ProgressFindings } from './examination.ts';
import { diagnosed, examine } from './examine.ts';
import { distance } from './facts-of.ts';
import { headwayStatus } from './headway-status.ts';
import type { PipelineAccess } from './pipeline.ts';
import type { RunStatus, SlotStatus, Status } from './pipeline-status.ts';
import type { SlotFacts } from './source-database.ts';

const RUNS = 5;

/** Where the pipeline stands. What is missing is a trouble in the answer. Throws WalhookError. */
export async function readStatus(access: PipelineAccess, now: number): Promise<Status> {
  const { database, pipeline } = access;
  const examination = await examine(access, now);
  const { progress } = examination;
  const { server, limits, slot, publication } = examination.source!;
  const troubles = diagnosed(examination);
  return {
    pipeline: pipeline.name,
    database: server.database,
    publication: { name: pipeline.publication, exists: publication !== null },
    connection: connectionStatus(await database.readSession()),
    slot: slotStatus(pipeline.slot, slot, server.flushedLsn, limits.maxSlotWalBytes),
    endpoints: endpointStatuses(pipeline, progress.endpoints),
    lease: leaseStatus(progress, now),
    last_drain_at: progress.lease?.lastChangedAt.toISOString() ?? null,
    ...headwayStatus(progress.headway, server.flushedLsn, now),
    runs: progress.runs.slice(0, RUNS).map(runStatus),
    troubles: troubles.map(troubleText),
    conditions: troubles.map(conditionStatus),
  };
}

function leaseStatus({ lease }: ProgressFindings, now: number): Status['lease'] {
  if (lease === null || lease.owner === null || Number(lease.expiresAt) <= now) return null;
  return { owner: lease.owner, expires_at: new Date(Number(lease.expiresAt)).toISOString() };
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

function textOf(lsn: Lsn | null): string | null {
  return lsn === null ? null : formatLsn(lsn);
}

function numberOf(bytes: bigint | null): number | null {
  return bytes === null ? null : Number(bytes);
}
