import { randomUUID } from 'node:crypto';
import { anotherSlot, assertSameSlot } from '../drain/same-slot.ts';
import type { EndpointRecord, Lease, PipelineRecord } from '../drain/state-store.ts';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { Say } from './init-step.ts';
import type { PipelineAccess } from './pipeline.ts';
import type { SlotFacts } from './source-database.ts';

/** What the state tables know of a pipeline that was set up before. */
export type Registration = {
  readonly record: PipelineRecord;
  readonly checkpoints: readonly EndpointRecord[];
};

/** Long enough for a few statements; it is given back at once. */
const LEASE_MS = 60_000;

/** null where it was never set up. */
export async function loadRegistration({
  pipeline,
  state,
}: PipelineAccess): Promise<Registration | null> {
  try {
    const record = await state.loadPipeline(pipeline.name);
    if (record === null) return null;
    return { record, checkpoints: await state.loadEndpoints(pipeline.name) };
  } catch (error) {
    if (isWalhookError(error, 'state_missing')) return null;
    throw error;
  }
}

/**
 * Throws where going on would skip changes without a word: slot_missing, slot_replaced,
 * cluster_changed, publication_missing, publication_replaced. `adopting`: the caller has been told and accepts it.
 */
export async function assertMayGoOn(
  { database, pipeline }: PipelineAccess,
  slot: SlotFacts | null,
  registration: Registration | null,
  adopting: boolean,
): Promise<void> {
  if (slot !== null && (await database.readPublication(pipeline.publication)) === null) {
    throw slotWithoutPublication(pipeline.slot, pipeline.publication);
  }
  if (registration === null || adopting) return;
  const { record, checkpoints } = registration;
  if (record.slot !== pipeline.slot) throw anotherSlot(record, pipeline.slot);
  if (slot === null) throw slotGone(record);
  const server = await database.readServer();
  const identity = await database.readIdentity(pipeline.publication);
  const now = {
    database: server.database,
    slot: pipeline.slot,
    identity,
    flushedLsn: server.flushedLsn,
  };
  assertSameSlot(record, { ...now, slotAt: slot.confirmedLsn!, session: null }, checkpoints);
}

/** Notes who the slot is, where that is not known yet. */
export async function register(
  access: PipelineAccess,
  registration: Registration | null,
  say: Say,
): Promise<void> {
  const { pipeline, state } = access;
  const now = await describeNow(access);
  const name = `pipeline "${pipeline.name}"`;
  if (registration === null) {
    await state.registerPipeline(now);
    const text = `${name} starts at ${formatLsn(now.announcedLsn)}; so does an endpoint that is added later: where the slot stands then`;
    return say({ subject: 'pipeline', outcome: 'created', text });
  }
  const { record } = registration;
  const unknown = Object.values(record.identity).includes(null);
  if (record.publication !== now.publication || record.database !== now.database || unknown) {
    await underLease(access, record, () =>
      state.registerPipeline({ ...now, announcedLsn: record.announcedLsn }),
    );
  }
  const text = `${name}; an endpoint that is added starts where the slot stands then, now ${formatLsn(now.announcedLsn)}`;
  say({ subject: 'pipeline', outcome: 'already_there', text });
}

/** Forgets how far the endpoints were, and goes on from the slot as it is. */
export async function adopt(
  access: PipelineAccess,
  { record }: Registration,
  say: Say,
): Promise<void> {
  const { pipeline, state } = access;
  const now = await describeNow(access);
  const { flushedLsn } = await access.database.readServer();
  await underLease(access, record, async () => {
    await state.forgetCheckpoints(pipeline.name);
    await state.registerPipeline(now);
  });
  const text = `pipeline "${pipeline.name}" goes on at ${formatLsn(now.announcedLsn)}; ${missingRange(record, now, flushedLsn)}`;
  say({ subject: 'pipeline', outcome: 'adopted', text });
}

async function describeNow({ database, pipeline }: PipelineAccess): Promise<PipelineRecord> {
  const server = await database.readServer();
  const slot = await database.readSlot(pipeline.slot);
  database.assertReadable(slot, pipeline.slot, server.database);
  return {
    pipeline: pipeline.name,
    slot: pipeline.slot,
    publication: pipeline.publication,
    database: server.database,
    identity: await database.readIdentity(pipeline.publication),
    announcedLsn: slot!.confirmedLsn!,
  };
}

/** No drain may be under way: it would write its old checkpoints over the new start. */
async function underLease(
  { pipeline, state }: PipelineAccess,
  record: PipelineRecord,
  work: () => Promise<void>,
): Promise<void> {
  const outcome = await state.acquireLease({
    pipeline: pipeline.name,
    owner: `walhook init ${randomUUID()}`,
    ttlMs: LEASE_MS,
    session: null,
    // Announces nothing new: if this process dies here, all is as it was.
    slotAt: record.announcedLsn,
    target: record.announcedLsn,
  });
  if (outcome.kind === 'busy') {
    throw new WalhookError('lease_held', `a drain is under way (${outcome.owner})`, {
      detail: pipeline.name,
    });
  }
  const lease: Lease = outcome.lease;
  try {
    await work();
  } finally {
    await state.releaseLease(lease, null);
  }
}

function missingRange(before: PipelineRecord, now: PipelineRecord, flushedLsn: Lsn): string {
  const left = formatLsn(before.announcedLsn);
  if (before.slot !== now.slot) {
    return `what the slot "${before.slot}" held from ${left} on, and this one does not, is missing: take a snapshot if you need it`;
  }
  if (!sameCluster(before, now)) {
    return `the changes of the former cluster or timeline since ${left} may be missing: take a snapshot if you need them`;
  }
  if (flushedLsn < before.announcedLsn) {
    return `its WAL ends at ${formatLsn(flushedLsn)}, before ${left}, where it was drained to: it was restored from an older state, and new events get ids that receivers know until its WAL is past ${left}: move it there before it is written to (docs/operations.md, Failover)`;
  }
  return now.announcedLsn > before.announcedLsn
    ? `the changes from ${left} to ${formatLsn(now.announcedLsn)} are missing: take a snapshot if you need them`
    : 'no change is missing; those that came after it may be delivered again';
}

function sameCluster({ identity: before }: PipelineRecord, { identity: now }: PipelineRecord) {
  return before.systemIdentifier === now.systemIdentifier && before.timeline === now.timeline;
}

export function slotGone(record: PipelineRecord): WalhookError {
  return new WalhookError(
    'slot_missing',
    `the slot "${record.slot}" was dropped: the changes since ${formatLsn(record.announcedLsn)} are missing`,
    {
      detail: record.slot,
      remedy:
        'Run walhook init --adopt: it makes a new slot. Then take a snapshot of the missing range if you need it.',
    },
  );
}

export function slotWithoutPublication(slot: string, publication: string): WalhookError {
  return new WalhookError(
    'publication_missing',
    `the slot "${slot}" exists, but its publication "${publication}" does not; ` +
      `one made now would be unknown to all that the slot has yet to decode`,
    {
      detail: publication,
      remedy: `Correct the publication's name; or drop the slot (select pg_drop_replication_slot('${slot}')), run walhook init --adopt, and take a snapshot of what it held.`,
    },
  );
}
