import type { Lsn } from '../pgoutput/lsn.ts';
import { joinCheckpoints } from './join-checkpoints.ts';
import { openDispatcher } from './open-dispatcher.ts';
import type { DrainSession, SourceState } from './ports.ts';
import { Progress } from './progress.ts';
import type { DrainRun, PassEnd } from './run.ts';
import { assertSameSlot } from './same-slot.ts';
import type { Checkpoint, Lease } from './state-store.ts';
import { WindowLoop } from './window-loop.ts';

/**
 * One connection's worth of a drain: lease → windows → deliveries → checkpoint → advance → release.
 * Whatever was settled is in `run.carried` afterwards, also when this throws, so that another pass
 * after a lost connection repeats nothing.
 */
export async function drainPass(run: DrainRun, session: DrainSession): Promise<PassEnd> {
  const { source, state } = session;
  const now = await source.inspect();
  run.target ??= now.flushedLsn;
  run.fromLsn ??= now.slotAt;
  run.slotAt = now.slotAt;
  await state.assertReady();
  const outcome = await state.acquireLease({
    pipeline: run.options.pipeline,
    owner: run.id,
    ttlMs: run.options.leaseMs,
    session: now.session,
    slotAt: now.slotAt,
    target: run.target,
  });
  if (outcome.kind === 'busy') return 'busy';
  const { lease, record } = outcome;
  /** A slot that is refused was announced no further: the next drain has to refuse it too. */
  let slotAt: Lsn | null = record.announcedLsn;
  try {
    await run.step('lease-acquired');
    const checkpoints = await loadCheckpoints(run, session);
    assertSameSlot(record, now, checkpoints);
    // Only a pass that ends well knows where it leaves the slot.
    slotAt = null;
    const end = await deliver(run, session, now, lease, checkpoints);
    // The look at the slot was before the lease: another drainer may have moved it in between.
    slotAt = run.slotAt > now.slotAt ? run.slotAt : record.announcedLsn;
    await run.step('before-release');
    return end;
  } finally {
    // Also after a failure: the next drainer need not wait for the lease to run out.
    await state.releaseLease(lease, slotAt).catch(() => undefined);
    await run.step('after-release');
  }
}

/** What an earlier pass of this drain settled counts, whether or not it could be written. */
async function loadCheckpoints(
  run: DrainRun,
  session: DrainSession,
): Promise<readonly Checkpoint[]> {
  const stored = await session.state.loadEndpoints(run.options.pipeline);
  const checkpoints = new Map<string, Checkpoint>(run.carried);
  for (const checkpoint of stored) {
    const carried = run.carried.get(checkpoint.endpoint);
    // Another drainer may have got further while the connection was lost.
    const all = carried === undefined ? checkpoint : joinCheckpoints(carried, checkpoint);
    checkpoints.set(checkpoint.endpoint, all);
  }
  return [...checkpoints.values()];
}

async function deliver(
  run: DrainRun,
  session: DrainSession,
  now: SourceState,
  lease: Lease,
  checkpoints: readonly Checkpoint[],
): Promise<PassEnd> {
  /** Nothing can be sent or recorded any more: all endpoints are on hold, or something failed. */
  const over = new AbortController();
  over.signal.addEventListener('abort', run.stop.wake);
  const dispatcher = openDispatcher(run, session, now, lease, checkpoints, over);
  const { clock, leaseMs, checkpointMs, redact } = run.options;
  const progress = new Progress({
    state: session.state,
    lease,
    dispatcher,
    clock,
    leaseMs,
    checkpointMs,
    redact,
    onStep: (step) => run.step(step),
    onFailure: () => over.abort(),
  });
  const windows = new WindowLoop(run, session, dispatcher, progress, over.signal);
  progress.start();
  try {
    const end = await windows.read();
    await windows.settleRest();
    await progress.stop();
    await progress.save();
    await windows.advance();
    if (dispatcher.endpoints.some((endpoint) => endpoint.heldBecause !== null)) return 'held';
    // All may be read, and yet time was up before all of it was delivered.
    return dispatcher.isQuiet ? end : 'stopped';
  } finally {
    dispatcher.stopSending();
    await dispatcher.idle().catch(() => undefined);
    await progress.stop();
    // Whatever went wrong, what was confirmed need not be sent again: here, or in another drain.
    if (progress.failure === null) await progress.save().catch(() => undefined);
    run.carry(dispatcher);
  }
}
