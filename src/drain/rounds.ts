import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { EndpointDispatch } from '../delivery/endpoint-dispatch.ts';
import { openDispatcher } from './open-dispatcher.ts';
import type { DrainSession, SourceState } from './ports.ts';
import { Progress } from './progress.ts';
import { type RoundStart, startOfRound } from './round-start.ts';
import type { DrainRun, PassEnd } from './run.ts';
import type { EndpointRecord, Lease } from './state-store.ts';
import { WindowLoop } from './window-loop.ts';

/**
 * A round reads from where the slot stands up to the target. In the usual case there is one. An
 * endpoint that was left behind, so that the others need not wait for it, gets what it missed in
 * another; one that failed, and whose events are to be parked, has them parked in another.
 */
export async function drainInRounds(
  run: DrainRun,
  session: DrainSession,
  now: SourceState,
  lease: Lease,
  records: readonly EndpointRecord[],
): Promise<PassEnd> {
  const { endpoints, log } = run.options;
  const about = { database: now.database, system: now.identity.systemIdentifier };
  await run.connections.open(endpoints, about, log);
  const configured = new Set(run.options.endpoints.map(({ options }) => options.name));
  const absent = records.filter((record) => {
    return !configured.has(record.endpoint) && record.missedFrom === null;
  });
  const last = await rounds();
  // Only now: what stands before it, all have been given.
  if (run.unreadable !== null) throw run.unreadable.error;
  return last;

  async function rounds(): Promise<PassEnd> {
    let starts = await startOfRound(run, session.state, lease, records);
    for (;;) {
      const { dispatcher, end } = await round(run, session, now, lease, starts, absent);
      if (run.stop.isDue() || run.stop.reason !== null) return end;
      if (!dispatcher.endpoints.some(wasLeftOut)) return end;
      const next = await startOfRound(run, session.state, lease);
      if (!wouldHelp(dispatcher, starts, next)) return end;
      starts = next;
    }
  }
}

function wasLeftOut({ outlet, isLeftBehind }: EndpointDispatch): boolean {
  return outlet.heldBecause !== null || isLeftBehind;
}

/** Each further round serves somebody who was left out of the one before, and leaves out fewer. */
function wouldHelp(dispatcher: Dispatcher, last: RoundStart, next: RoundStart): boolean {
  return dispatcher.endpoints.some((endpoint) => {
    const { kind } = next.get(endpoint.options.name)!.mode;
    if (endpoint.outlet.heldBecause === null) return endpoint.isLeftBehind;
    return kind === 'parking' && last.get(endpoint.options.name)!.mode.kind !== 'parking';
  });
}

async function round(
  run: DrainRun,
  session: DrainSession,
  now: SourceState,
  lease: Lease,
  starts: RoundStart,
  absent: readonly EndpointRecord[],
): Promise<{ readonly dispatcher: Dispatcher; readonly end: PassEnd }> {
  /** Nothing can be sent or recorded any more: all endpoints are on hold, or something failed. */
  const over = new AbortController();
  over.signal.addEventListener('abort', run.stop.wake);
  const span = run.span.child('walhook.round', { 'walhook.run_id': run.id });
  const dispatcher = openDispatcher(run, session, now, lease, starts, over, span);
  const { clock, leaseMs, checkpointMs, redact } = run.options;
  const progress = new Progress({
    state: session.state,
    lease,
    dispatcher,
    clock,
    absent,
    leaseMs,
    checkpointMs,
    redact,
    takeWindowTotals: () => run.windows.take(),
    onStep: (step) => run.step(step),
    onFailure: () => over.abort(),
  });
  const windows = new WindowLoop(run, session, dispatcher, progress, over.signal, span);
  let ended: PassEnd | null = null;
  progress.start();
  dispatcher.start();
  try {
    const read = await windows.read();
    await windows.settleRest();
    await progress.stop();
    await progress.save();
    await windows.advance();
    if (read === 'caught_up') run.noteThrough(dispatcher);
    const end = endOf(dispatcher, read);
    ended = end;
    return { dispatcher, end };
  } finally {
    dispatcher.stopSending();
    await dispatcher.idle().catch(() => undefined);
    await progress.stop();
    // Whatever went wrong, what was confirmed need not be sent again: here, or in another drain.
    if (progress.failure === null) await progress.save().catch(() => undefined);
    run.carry(dispatcher);
    span.end({ 'walhook.end': ended ?? 'failed' }, ended === null ? 'failed' : null);
  }
}

function endOf(dispatcher: Dispatcher, read: PassEnd): PassEnd {
  const { endpoints } = dispatcher;
  if (endpoints.some(({ outlet }) => outlet.heldBecause !== null)) return 'held';
  // All may be read, and yet time was up before all of it was delivered.
  if (!dispatcher.isQuiet || endpoints.some(({ isLeftBehind }) => isLeftBehind)) return 'stopped';
  if (endpoints.some(({ outlet }) => outlet.parkingBecause !== null)) return 'held';
  // What is parked goes to an endpoint that takes it, and was not all sent: the next drain goes on.
  return endpoints.some(({ outlet }) => outlet.isParking) ? 'stopped' : read;
}
