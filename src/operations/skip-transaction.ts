import { findUnreadable } from '../drain/find-unreadable.ts';
import type { SkipRecord } from '../drain/skip.ts';
import type { FoundTransaction, UnreadableTransaction } from '../drain/unreadable.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn, parseLsn, toLsn } from '../pgoutput/lsn.ts';
import type { PipelineAccess } from './pipeline.ts';

export type SkipRequest = {
  /** The commit LSN of the transaction, as the failed drain names it. */
  readonly to: Lsn;
  readonly reason: string;
  /** Who asks, for others to see. */
  readonly requestedBy: string;
  readonly now: number;
  /** Of the lease while it is recorded. */
  readonly leaseMs: number;
  readonly createId: () => string;
};

/** The transaction that stands in the way, and what is said of it. */
export type Obstacle = {
  readonly transaction: Pick<FoundTransaction, 'commitLsn' | 'beginLsn' | 'xid' | 'tables'>;
  /** Where the slot stands. */
  readonly slotAt: Lsn;
  readonly message: string;
};

/** A skip as it is shown: the same by command and by HTTP. */
export type DescribedSkip = {
  readonly commit_lsn: string;
  readonly begin_lsn: string | null;
  readonly from_lsn: string;
  readonly xid: number | null;
  readonly tables: readonly string[];
  readonly error: string;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: string;
  /** recorded: the next drain passes over it. passed: the slot stands behind it. */
  readonly state: 'recorded' | 'passed';
};

/** Of the last failed drain's report, which may be of another version. */
type SavedFailure = { readonly message?: unknown; readonly detail?: unknown };

/** null: nothing stands in the way. Throws WalhookError. */
export async function findObstacle(access: PipelineAccess): Promise<Obstacle | null> {
  const { database, pipeline } = access;
  const server = await database.readServer();
  const slot = await database.readSlot(pipeline.slot);
  database.assertReadable(slot, pipeline.slot, server.database);
  const slotAt = slot!.confirmedLsn!;
  // While an endpoint holds the slot, it stands before what drains pass over by now.
  for (let from = slotAt; ;) {
    const found = await findBehind(access, from, server.flushedLsn);
    if (found === null || found.commitLsn < from) return lastFailure(access, from, slotAt);
    const { commitLsn, error } = found;
    if ((await access.state.loadSkip(pipeline.name, commitLsn)) === null) {
      return { transaction: found, slotAt, message: error.message };
    }
    from = toLsn(commitLsn + 1n);
  }
}

async function findBehind(
  { database }: PipelineAccess,
  from: Lsn,
  upTo: Lsn,
): Promise<UnreadableTransaction | null> {
  if (from >= upTo) return null;
  const trial = await database.openTrial(from);
  try {
    const found = await findUnreadable(trial, from, upTo, () => false);
    return found === 'stopped' ? null : found;
  } finally {
    await trial.close();
  }
}

/** What walhook itself could not take in, only a drain finds: the last one has told of it. */
async function lastFailure(
  { pipeline, state }: PipelineAccess,
  from: Lsn,
  slotAt: Lsn,
): Promise<Obstacle | null> {
  const [last] = await state.listRuns(pipeline.name, 1);
  if (last?.status !== 'failed') return null;
  const { error } = { ...(last.report as { error?: SavedFailure } | null) };
  if (typeof error?.detail !== 'string' || typeof error.message !== 'string') return null;
  if (!/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/.test(error.detail)) return null;
  const commitLsn = parseLsn(error.detail);
  if (commitLsn < from) return null;
  const transaction = { commitLsn, beginLsn: null, xid: null, tables: [] };
  return { transaction, slotAt, message: error.message };
}

/**
 * Records that the transaction is to be passed over, and by whom and why. The next drain does it: it
 * delivers what stands before, gives every endpoint an event in the transaction's place, and moves the
 * slot behind that once it is settled. So nothing is passed over but this transaction, wherever a
 * process dies. Asked for again, it is what it was. Throws skip_refused where another transaction, or
 * none, stands in the way; lease_held while a drain runs.
 */
export async function skipTransaction(
  access: PipelineAccess,
  request: SkipRequest,
): Promise<SkipRecord> {
  const { pipeline, state } = access;
  await state.assertReady();
  const known = await state.loadSkip(pipeline.name, request.to);
  if (known !== null) return known;
  const obstacle = await findObstacle(access);
  assertInTheWay(obstacle, request.to);
  const { slotAt, transaction, message } = obstacle;
  const outcome = await state.acquireLease({
    pipeline: pipeline.name,
    owner: request.createId(),
    ttlMs: request.leaseMs,
    session: null,
    slotAt,
    // Nothing moves by this lease, so nothing more is announced.
    target: slotAt,
  });
  if (outcome.kind === 'busy') {
    throw new WalhookError('lease_held', `the pipeline "${pipeline.name}" is being drained`, {
      detail: outcome.owner,
    });
  }
  const { lease } = outcome;
  try {
    return await state.recordSkip(lease, {
      pipeline: pipeline.name,
      commitLsn: transaction.commitLsn,
      beginLsn: transaction.beginLsn,
      xid: transaction.xid,
      tables: transaction.tables,
      fromLsn: slotAt,
      error: message,
      reason: request.reason,
      requestedBy: request.requestedBy,
      requestedAt: new Date(request.now),
    });
  } finally {
    await state.releaseLease(lease, null);
  }
}

function assertInTheWay(obstacle: Obstacle | null, to: Lsn): asserts obstacle is Obstacle {
  if (obstacle !== null && obstacle.transaction.commitLsn === to) return;
  const at = obstacle === null ? null : formatLsn(obstacle.transaction.commitLsn);
  throw new WalhookError(
    'skip_refused',
    at === null
      ? `no transaction stands in the way: what the slot holds can be read, and ${formatLsn(to)} too`
      : `what stands in the way is not a transaction that committed at ${formatLsn(to)}, but the one at ${at}`,
    { detail: formatLsn(to) },
  );
}

/** The latest first. Throws WalhookError. */
export async function listSkips(
  { database, pipeline, state }: PipelineAccess,
  limit: number,
): Promise<readonly DescribedSkip[]> {
  const skips = await state.listSkips(pipeline.name, limit);
  const slot = await database.readSlot(pipeline.slot);
  return skips.map((skip) => describeSkip(skip, slot?.confirmedLsn ?? null));
}

/** `slotAt`: null where there is no slot any more. */
export function describeSkip(skip: SkipRecord, slotAt: Lsn | null): DescribedSkip {
  return {
    commit_lsn: formatLsn(skip.commitLsn),
    begin_lsn: skip.beginLsn === null ? null : formatLsn(skip.beginLsn),
    from_lsn: formatLsn(skip.fromLsn),
    xid: skip.xid,
    tables: skip.tables,
    error: skip.error,
    reason: skip.reason,
    requested_by: skip.requestedBy,
    requested_at: skip.requestedAt.toISOString(),
    state: slotAt !== null && slotAt > skip.commitLsn ? 'passed' : 'recorded',
  };
}
