import type { Clock } from '../clock/clock.ts';
import type { RateLimit } from '../delivery/rate-limit.ts';
import type { RateLimitOptions } from './budget.ts';
import { keepingPauses, openLocalRateLimit } from './local-rate-limit.ts';

export type RateLimitSettings = RateLimitOptions & {
  /** Where processes count together. Without it, each for itself. */
  readonly store?: { readonly redis: string } | undefined;
};

export type RateLimitEnvironment = {
  readonly clock: Clock;
  /** Endpoints of one name share a limit, where there is a store. */
  readonly name: string;
  readonly warn: (message: string) => void;
};

/**
 * An endpoint's limit over all its lanes. Intervals are counted by the system's time.
 * @throws WalhookError `ioredis_missing`
 */
export async function openRateLimit(
  settings: RateLimitSettings | undefined,
  { clock, name, warn }: RateLimitEnvironment,
): Promise<RateLimit> {
  const redisUrl = settings?.store?.redis;
  if (settings === undefined || redisUrl === undefined) return openLocalRateLimit(settings, clock);
  const { sharedLimiter } = await import('./shared-limiter.ts');
  return keepingPauses(await sharedLimiter({ ...settings, redisUrl, name, warn }), clock);
}
