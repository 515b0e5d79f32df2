import { setMaxListeners } from 'node:events';
import Bottleneck from 'bottleneck';
import { type Budget, budgetOf, type RateLimitOptions } from './budget.ts';

/** Counts what starts in an interval, for one process or for several. */
export interface Limiter {
  /**
   * Resolves when that much of an interval is free, in the order of the calls; false when `signal`
   * aborts or the limiter is closed first. Rejects where the count is kept elsewhere and out of reach.
   */
  take(events: number, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** For this process alone. */
export function localLimiter(options: RateLimitOptions): Limiter {
  const budget = budgetOf(options);
  const bottleneck = new Bottleneck(intervalSettings(budget, options.perMs));
  let stopped: Promise<void> | null = null;
  return {
    take: (events, signal) => schedule(bottleneck, budget.weigh(events), signal),
    close: () => (stopped ??= stop(bottleneck)),
  };
}

/** An interval begins with a full reservoir. What is not taken is not carried to the next. */
export function intervalSettings({ capacity }: Budget, perMs: number) {
  return {
    reservoir: capacity,
    reservoirRefreshAmount: capacity,
    reservoirRefreshInterval: perMs,
    // How often bottleneck looks whether an interval is over: late by a twentieth of it at the most.
    heartbeatInterval: Math.min(1_000, Math.max(10, perMs / 20)),
  };
}

export function schedule(
  bottleneck: Bottleneck,
  weight: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  // Every lane of an endpoint listens to one signal; Node would take that for a leak.
  setMaxListeners(0, signal);
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(false);
    signal.addEventListener('abort', giveUp, { once: true });
    bottleneck
      .schedule({ weight }, async () => undefined)
      .then(
        () => resolve(true),
        // Its own errors say that it was stopped; others are those of a store.
        (error: unknown) =>
          error instanceof Bottleneck.BottleneckError ? resolve(false) : reject(error),
      )
      .finally(() => signal.removeEventListener('abort', giveUp));
  });
}

async function stop(bottleneck: Bottleneck): Promise<void> {
  await bottleneck.stop({ dropWaitingJobs: true });
  await bottleneck.disconnect();
}
