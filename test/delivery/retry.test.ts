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

test('what the endpoint asks for comes first, also beyond the bound', () => {
  expect(retryDelayMs(policy, 1, 0, () => 1)).toBe(0);
  expect(retryDelayMs(policy, 1, 3_600_000, () => 1)).toBe(3_600_000);
});
