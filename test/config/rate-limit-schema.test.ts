import { describe, expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import { rateLimitSchema } from '../../src/config/rate-limit-schema.ts';
import type { RateLimitSettings } from '../../src/rate-limits/open-rate-limit.ts';

function faultsOf(value: unknown): string[] {
  const { error } = rateLimitSchema.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a rate limit', () => {
  test.each([
    { requests: 100 },
    { events: 100_000, perMs: 10 },
    { requests: 10_000, events: 1, perMs: 86_400_000 },
    { requests: 1, store: { redis: 'redis://cache:6379/2' } },
    { requests: 1, store: { redis: 'rediss://user:p%23ss@[::1]:6380' } },
  ])('may be %j', (value) => {
    expect(rateLimitSchema.parse(value)).toEqual({ perMs: 1_000, ...value });
  });

  test('is what a limiter takes', () => {
    expectTypeOf<z.output<typeof rateLimitSchema>>().toExtend<RateLimitSettings>();
  });

  test.each([
    ['of nothing', {}, [': requests, events or both']],
    ['of none at all', { requests: 0 }, ['requests: ']],
    ['of half a request', { requests: 0.5 }, ['requests: ']],
    [
      'that bottleneck could not count',
      { requests: 10_001, events: 100_001 },
      ['requests: ', 'events: '],
    ],
    ['in no time', { requests: 1, perMs: 0 }, ['perMs: ']],
    ['with a store that is none', { requests: 1, store: {} }, ['store.redis: ']],
    [
      'with a web page for a store',
      { requests: 1, store: { redis: 'https://cache' } },
      ['store.redis: a URL like redis://'],
    ],
    [
      'with half a password',
      { requests: 1, store: { redis: 'redis://:p#ss@cache' } },
      ['store.redis: a URL like redis://'],
    ],
    [
      'with everything wrong',
      { perMs: -1, store: { redis: '' } },
      ['perMs: ', 'store.redis: ', ': requests, events or both'],
    ],
    ['with an option that there is not', { requests: 1, burst: 5 }, [': ']],
  ])('is not one %s', (_name, value, faults) => {
    const found = faultsOf(value);
    expect(found).toHaveLength(faults.length);
    for (const fault of faults) expect(found.some((each) => each.startsWith(fault))).toBe(true);
  });
});
