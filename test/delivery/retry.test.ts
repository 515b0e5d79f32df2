import { assert as check, double, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { retryDelayMs } from '../../src/delivery/retry.ts';

const policy = { attempts: 10, minDelayMs: 250, maxDelayMs: 10_000 };

test('the wait doubles with each attempt up to its bound', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 100].map((attempt) =>
    retryDelayMs(policy, attempt, null, () => 1),
  );
  expect(longest).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test('no wait stays no wait, however often it failed', () => {
  const atOnce = { ...policy, minDelayMs: 0 };
  expect([1, 100, 1_024, 1_025, 1e9].map((n) => retryDelayMs(atOnce, n, null))).toEqual(
    Array(5).fill(0),
  );
});

test('jitter spreads it over the whole of that time', () => {
  check(
    property(
      integer({ min: 1, max: 2_000 }),
      double({ min: 0, max: 1, noNaN: true }),
      (n, random) => {
        const delay = retryDelayMs(policy, n, null, () => random);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(10_000, 250 * 2 ** (n - 1)));
        expect(Number.isInteger(delay)).toBe(true);
      },
    ),
  );
});

test('the longer of the two is waited: what the endpoint asks for, also beyond the bound, or the backoff', () => {
  expect(retryDelayMs(policy, 1, 3_600_000, () => 1)).toBe(3_600_000);
  expect(retryDelayMs(policy, 3, 1_001, () => 1)).toBe(1_001);
  expect(retryDelayMs(policy, 3, 999, () => 1)).toBe(1_000);
  expect([1, 2, 3].map((attempt) => retryDelayMs(policy, attempt, 0, () => 1))).toEqual([
    250, 500, 1_000,
  ]);
});
