import type { Clock } from '../clock/clock.ts';

/** Of what Lambda hands to a handler, what walhook reads. */
export type LambdaContext = {
  readonly getRemainingTimeInMillis: () => number;
  readonly awsRequestId?: string | undefined;
};

/** The time that an invocation may work, of what is left until Lambda ends it. */
export type WorkingTime = {
  /** From now, in milliseconds. */
  readonly ms: number;
  /** Aborts when it is over, whatever time somebody asked for. */
  readonly signal: AbortSignal;
  /** No timer may be left: a frozen container goes on with it in another invocation. */
  readonly dispose: () => void;
};

/** Below this nothing gets done. */
const LEAST_MS = 1_000;

/** Keeps `marginMs` for ending, but at most half: a function with a short timeout works, too. */
export function workingTime(context: LambdaContext, marginMs: number, clock: Clock): WorkingTime {
  const leftMs = context.getRemainingTimeInMillis();
  const ms = Math.max(LEAST_MS, leftMs - Math.min(marginMs, leftMs / 2));
  const over = new AbortController();
  const disposed = new AbortController();
  void clock.sleep(ms, disposed.signal).then(() => {
    if (!disposed.signal.aborted) over.abort();
  });
  return { ms, signal: over.signal, dispose: () => disposed.abort() };
}
