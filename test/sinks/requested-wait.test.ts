import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  LONGEST_WAIT_MS,
  waitAfterFailureMs,
  waitAfterSuccessMs,
} from '../../src/sinks/http/requested-wait.ts';

const nowMs = Date.UTC(2026, 0, 31, 12);

const answer = (headers: Readonly<Record<string, string>>) => ({
  header: (name: string) => headers[name] ?? null,
});

const retryAfter = (value: string) => waitAfterFailureMs(answer({ 'retry-after': value }), nowMs);

describe('a Retry-After', () => {
  test.each([
    ['0', 0],
    ['30', 30_000],
    [' 30 ', 30_000],
    ['30, 7', 30_000],
    ['Sat, 31 Jan 2026 12:00:45 GMT', 45_000],
    ['Saturday, 31-Jan-26 12:00:45 GMT', 45_000],
    ['Sat Jan 31 12:00:45 2026', 45_000],
    ['Sun Feb  1 00:00:00 2026', 12 * 3_600_000],
    ['Thu, 01 Jan 2026 00:00:00 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  ])('of %j is a wait of %i ms', (value, ms) => {
    expect(retryAfter(value)).toBe(ms);
  });

  test.each([
    '99999999999',
    '9999999999999',
    '9'.repeat(100),
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'Thursday, 31-Dec-60 23:59:59 GMT',
  ])('of %s is a day', (value) => {
    expect(retryAfter(value)).toBe(LONGEST_WAIT_MS);
  });

  test.each([
    '',
    '-5',
    '1.5',
    '+5',
    '5 s',
    'soon',
    '9'.repeat(400),
    '2026-01-31T12:00:45Z',
    'Sat, 31 Jan 2026 12:00:45 +0100',
    'Tue, 31 Feb 2026 12:00:00 GMT',
    '1/2',
  ])('of %s says nothing', (value) => {
    expect(retryAfter(value)).toBeNull();
  });

  test('is a whole number of milliseconds up to a day, whatever is sent', () => {
    const value = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-+]?\d{0,30}(\.\d+)?$/),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(value, (text) => {
        const ms = retryAfter(text) ?? 0;
        expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= LONGEST_WAIT_MS).toBe(true);
      }),
    );
  });

  test('comes before what the rate limit says, and is not heeded of an answer that took the events', () => {
    const both = answer({ 'retry-after': '5', ratelimit: '"a";r=0;t=30' });
    expect([waitAfterFailureMs(both, nowMs), waitAfterSuccessMs(both, nowMs)]).toEqual([
      5_000, 30_000,
    ]);
  });
});

test('a rate limit that is used up for longer is asked again after a day', () => {
  const used = answer({ ratelimit: 'limit=1, remaining=0, reset=999999999999999' });
  expect(waitAfterFailureMs(used, nowMs)).toBe(LONGEST_WAIT_MS);
  expect(waitAfterSuccessMs(used, nowMs)).toBe(LONGEST_WAIT_MS);
});
