import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RateLimit } from '../../src/delivery/rate-limit.ts';
import { budgetOf } from '../../src/rate-limits/budget.ts';
import { openRateLimit, type RateLimitSettings } from '../../src/rate-limits/open-rate-limit.ts';
import { FakeClock } from '../support/fake-clock.ts';

const never = new AbortController().signal;

async function open(settings: Partial<RateLimitSettings> | undefined, clock = new FakeClock()) {
  const whole = { perMs: 100, ...settings };
  const limit = await openRateLimit(settings && whole, {
    clock,
    name: 'orders',
    warn: (message) => expect.unreachable(message),
  });
  return { limit, clock };
}

describe('a budget', () => {
  const bound = fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined });

  test('holds requests and events at once, whatever the mix', () => {
    fc.assert(
      fc.property(
        bound,
        bound,
        fc.array(fc.integer({ min: 1, max: 500 })),
        (requests, events, sizes) => {
          const budget = budgetOf({ requests, events, perMs: 1 });
          let left = budget.capacity;
          const taken = sizes.filter((size) => {
            const fits = budget.weigh(size) <= left;
            if (fits) left -= budget.weigh(size);
            return fits;
          });
          const eventsTaken = taken.reduce((sum, size) => sum + size, 0);
          expect(taken.length).toBeLessThanOrEqual(requests ?? Infinity);
          expect(taken.length === 1 ? 0 : eventsTaken).toBeLessThanOrEqual(events ?? Infinity);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('is used up by what is allowed, of either kind', () => {
    const budget = budgetOf({ requests: 3, events: 100, perMs: 1 });
    expect(3 * budget.weigh(1)).toBe(budget.capacity);
    expect(2 * budget.weigh(50)).toBe(budget.capacity);
    expect(budget.weigh(100_000)).toBe(budget.capacity);
    expect(budgetOf({ events: 100, perMs: 1 }).weigh(7)).toBe(7);
    expect(budgetOf({ requests: 100, perMs: 1 }).weigh(7)).toBe(1);
  });
});

describe('a limit', () => {
  // bottleneck asks the system for the time.
  beforeEach(() => void vi.useFakeTimers({ toFake: [...TIMERS] }));
  afterEach(() => void vi.useRealTimers());

  test('lets as many requests start as an interval allows, in the order they asked', async () => {
    const { limit } = await open({ requests: 3, perMs: 1_000 });
    const started = startAll(limit, [1, 1, 1, 1, 1, 1, 1]);
    expect(await startedWithin(started, 900)).toEqual([0, 1, 2]);
    expect(await startedWithin(started, 1_000)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await startedWithin(started, 1_000)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('counts events, and lets nobody overtake who needs more than is left', async () => {
    const { limit } = await open({ events: 100, perMs: 1_000 });
    const started = startAll(limit, [60, 50, 10, 40, 1]);
    expect(await startedWithin(started, 900)).toEqual([0]);
    expect(await startedWithin(started, 1_000)).toEqual([0, 1, 2, 3]);
    expect(await startedWithin(started, 1_000)).toEqual([0, 1, 2, 3, 4]);
  });

  test('lets a request with more events than an interval allows have a whole one', async () => {
    const { limit } = await open({ events: 100, perMs: 1_000 });
    const started = startAll(limit, [1, 5_000, 1]);
    expect(await startedWithin(started, 900)).toEqual([0]);
    expect(await startedWithin(started, 1_000)).toEqual([0, 1]);
    expect(await startedWithin(started, 1_000)).toEqual([0, 1, 2]);
  });

  test('holds both bounds where both are set', async () => {
    const { limit } = await open({ requests: 3, events: 100, perMs: 1_000 });
    const started = startAll(limit, [1, 1, 1, 50, 50, 1]);
    expect(await startedWithin(started, 900)).toEqual([0, 1, 2]);
    expect(await startedWithin(started, 1_000)).toEqual([0, 1, 2, 3, 4]);
    expect(await startedWithin(started, 1_000)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('does not add up what was not used', async () => {
    const { limit } = await open({ requests: 2, perMs: 1_000 });
    await vi.advanceTimersByTimeAsync(10_000);
    const started = startAll(limit, [1, 1, 1, 1]);
    expect(await startedWithin(started, 900)).toEqual([0, 1]);
  });

  test('says no to who waits when the signal aborts, and to who comes after', async () => {
    const { limit } = await open({ requests: 1, perMs: 3_600_000 });
    const stop = new AbortController();
    const waiting = [limit.acquire(1, stop.signal), limit.acquire(1, stop.signal)];
    await vi.advanceTimersByTimeAsync(100);
    stop.abort();
    expect(await Promise.all([...waiting, limit.acquire(1, stop.signal)])).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('says no to who waits when it is closed, and leaves no timer behind', async () => {
    const { limit } = await open({ requests: 1, perMs: 3_600_000 });
    const answers = Promise.all([limit.acquire(1, never), limit.acquire(1, never)]);
    await vi.advanceTimersByTimeAsync(100);
    const closed = limit.close();
    await vi.advanceTimersByTimeAsync(100);
    await closed;
    expect(await answers).toEqual([true, false]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a pause', () => {
  test.each([
    ['without a limit', undefined],
    ['with one', { requests: 1_000 }],
  ])('that an endpoint asked for is kept %s, and the longest counts', async (_name, settings) => {
    const { limit, clock } = await open(settings);
    expect(await limit.acquire(1, never)).toBe(true);
    limit.pause(5_000);
    limit.pause(1_000);
    const started: string[] = [];
    const asleep = clock.untilAsleep();
    const acquired = limit.acquire(1, never).then(() => started.push('after'));
    await asleep;
    expect(clock.sleeps).toEqual([5_000]);
    clock.advance(4_999);
    started.push('before');
    clock.advance(1);
    await acquired;
    expect(started).toEqual(['before', 'after']);
  });

  test('ends when the signal aborts', async () => {
    const { limit, clock } = await open(undefined);
    limit.pause(5_000);
    const stop = new AbortController();
    const asleep = clock.untilAsleep();
    const acquired = limit.acquire(1, stop.signal);
    await asleep;
    stop.abort();
    expect(await acquired).toBe(false);
  });

  test('that is asked for while a request waits for its turn is kept by that request too', async () => {
    const { limit, clock } = await open({ requests: 1, perMs: 20 });
    expect(await limit.acquire(1, never)).toBe(true);
    const asleep = clock.untilAsleep();
    const second = limit.acquire(1, never);
    limit.pause(1_000);
    await asleep;
    clock.advance(1_000);
    expect(await second).toBe(true);
  });
});

const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] as const;

/** Asks for all at once; the list grows by the index of each that may start. */
function startAll(limit: RateLimit, sizes: readonly number[]): readonly number[] {
  const started: number[] = [];
  for (const [index, events] of sizes.entries()) {
    void limit.acquire(events, never).then((may) => may && started.push(index));
  }
  return started;
}

async function startedWithin(started: readonly number[], ms: number): Promise<number[]> {
  await vi.advanceTimersByTimeAsync(ms);
  return [...started];
}
