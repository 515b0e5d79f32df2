import type { Clock } from '../clock/clock.ts';
import { type RateLimit, unlimited } from '../delivery/rate-limit.ts';
import type { RateLimitOptions } from './budget.ts';
import type { Limiter } from './limiter.ts';

/** An endpoint's limit over all its lanes, counted by this process. Intervals are the system's. */
export async function openLocalRateLimit(
  options: RateLimitOptions | undefined,
  clock: Clock,
): Promise<RateLimit> {
  if (options === undefined) return unlimited(clock);
  // Loaded by whom it is for: bottleneck takes longer to load than a poll that finds nothing.
  const { localLimiter } = await import('./limiter.ts');
  return keepingPauses(localLimiter(options), clock);
}

/** A pause may be asked for while a request waits for its turn: so it is looked at again after that. */
export function keepingPauses(limiter: Limiter, clock: Clock): RateLimit {
  const gate = unlimited(clock);
  return {
    acquire: async (events, signal) =>
      (await gate.acquire(events, signal)) &&
      (await limiter.take(events, signal)) &&
      (await gate.acquire(events, signal)),
    pause: (ms) => gate.pause(ms),
    close: () => limiter.close(),
  };
}
