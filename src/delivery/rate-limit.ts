import type { Clock } from '../clock/clock.ts';
import { steadyClock } from '../clock/steady-clock.ts';

/** How fast an endpoint may be sent to. */
export interface RateLimit {
  /** Resolves when a request with that many events may start; false when `signal` aborts first. */
  acquire(events: number, signal: AbortSignal): Promise<boolean>;
  /** The endpoint asked for a pause of that many milliseconds: nothing starts before. */
  pause(ms: number): void;
  close(): Promise<void>;
}

/** No limit of one's own; a pause that the endpoint asks for is kept all the same. */
export function unlimited(clock: Clock): RateLimit {
  const now = steadyClock(clock);
  let pausedUntil = -Infinity;
  return {
    async acquire(_events, signal) {
      while (!signal.aborted) {
        const waitMs = pausedUntil - now();
        if (waitMs <= 0) return true;
        await clock.sleep(waitMs, signal);
      }
      return false;
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, now() + ms);
    },
    close: () => Promise.resolve(),
  };
}
