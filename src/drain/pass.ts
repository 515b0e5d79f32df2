import type { Lsn } from '../pgoutput/lsn.ts';
import { assertNeverDelivered } from './fallback.ts';
import type { DrainHeadway } from './headway.ts';
import type { DrainSession } from './ports.ts';
import { drainInRounds } from './rounds.ts';
import type { DrainRun, PassEnd } from './run.ts';
import { assertSameSlot, furthest } from './same-slot.ts';

/**
 * One connection's worth of a drain: lease → windows → deliveries → checkpoint → advance → release.
 * Whatever was settled is in `run.carried` afterwards, also when this throws, so that another pass
 * after a lost connection repeats nothing.
 */
export async function drainPass(run: DrainRun, session: DrainSession): Promise<PassEnd> {
  const { source, state } = session;
  // Before the look: what is committed during it may lie beyond.
  const lookedAt = run.options.clock.now();
  const now = await source.inspect();
  run.target ??= now.flushedLsn;
  run.targetAt ??= lookedAt;
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
  let ended: PassEnd | null = null;
  try {
    await run.step('lease-acquired');
    const records = await state.loadEndpoints(run.options.pipeline);
    // The look was before the lease: another drainer may have come further in between.
    const isBehind = now.flushedLsn < furthest(record, records);
    assertSameSlot(record, isBehind ? await source.inspect() : now, records);
    if (run.options.stdoutIsFallback === true) assertNeverDelivered(records);
    // Only a pass that ends well knows where it leaves the slot.
    slotAt = null;
    run.openCatalog(session);
    const end = await drainInRounds(run, session, now, lease, records);
    // The look at the slot was before the lease: another drainer may have moved it in between.
    slotAt = run.slotAt > now.slotAt ? run.slotAt : record.announcedLsn;
    ended = end;
    await run.saveCatalog();
    await run.step('before-release');
    return end;
  } finally {
    // Also after a failure: the next drainer need not wait for the lease to run out.
    await state
      .releaseLease(lease, slotAt, run.windows.take(), headwayOf(run, ended))
      .catch(run.doubtSession);
    await run.step('after-release');
  }
}

/** `ended` is null where the pass failed. */
function headwayOf(run: DrainRun, ended: PassEnd | null): DrainHeadway {
  return {
    target: { lsn: run.target!, at: new Date(run.targetAt!) },
    endedAt: new Date(run.options.clock.now()),
    slotAt: ended === null ? null : run.slotAt,
    settled: ended === 'caught_up' ? 'target' : ended === null || run.isParking ? 'less' : 'slot',
  };
}
