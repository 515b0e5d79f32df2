import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requestedPauseMs } from '../../src/sinks/http/pacing.ts';

const nowMs = Date.UTC(2026, 0, 31, 12);
const inAMinute = nowMs / 1000 + 60;

function pause(headers: Readonly<Record<string, string>>): number | null {
  const known = new Headers(headers);
  return requestedPauseMs({ header: (name) => known.get(name) }, nowMs);
}

describe('an answer that leaves no request asks for a pause', () => {
  test.each([
    ['by the current draft', { RateLimit: '"default";r=0;t=30' }, 30_000],
    ['at once', { RateLimit: '"default";r=0;t=0' }, 0],
    ['with other parameters', { RateLimit: '"a";r=0;t=5;pk=:cHsdsRa894==:;acme="x,y;r=9"' }, 5_000],
    [
      'by the longest of several policies',
      { RateLimit: '"a";r=0;t=5, "b";r=0;t=50,"c";r=9;t=500' },
      50_000,
    ],
    ['under a name with anything in it', { RateLimit: String.raw`"a\"b,c;r=1";r=0;t=7` }, 7_000],
    ['by a token', { RateLimit: 'default;r=0;t=3' }, 3_000],
    [
      'by the window of its policy where it gives no time',
      { RateLimit: '"b";r=0', 'RateLimit-Policy': '"a";q=10;w=1,"b";q=100;w=60' },
      60_000,
    ],
    ['by draft 7', { RateLimit: 'limit=100, remaining=0, reset=12' }, 12_000],
    ['by the older drafts', { 'RateLimit-Remaining': '0', 'RateLimit-Reset': '4' }, 4_000],
    [
      'by their forerunner, in seconds',
      { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '4' },
      4_000,
    ],
    ['in parts of a second', { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '0.25' }, 250],
    ['by a time', { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': `${inAMinute}` }, 60_000],
    [
      'by a time in milliseconds',
      { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': `${inAMinute}000` },
      60_000,
    ],
    [
      'by a time that has passed',
      { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '1700000000' },
      0,
    ],
    ['with another hyphen', { 'X-Rate-Limit-Remaining': '0', 'X-Rate-Limit-Reset': '9' }, 9_000],
  ])('%s', (_name, headers, ms) => {
    expect(pause(headers)).toBe(ms);
  });
});

describe('an answer asks for no pause', () => {
  test.each([
    ['that says nothing', {}],
    ['with requests left', { RateLimit: '"default";r=1;t=30' }],
    ['with requests left, by draft 7', { RateLimit: 'limit=100, remaining=1, reset=12' }],
    [
      'with requests left, by the older drafts',
      { 'RateLimit-Remaining': '1', 'RateLimit-Reset': '4' },
    ],
    [
      'whose newer field speaks before the older',
      { RateLimit: '"a";r=1;t=3', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '4' },
    ],
    ['that gives no time', { RateLimit: '"default";r=0' }],
    ['that gives no time, by the older drafts', { 'RateLimit-Remaining': '0' }],
    [
      'that counts what is under way',
      { RateLimit: '"a";r=0;t=5', 'RateLimit-Policy': '"a";q=5;qu="concurrent-requests"' },
    ],
    ['of a malformed list', { RateLimit: '"a";r=0;t=5,' }],
    ['of an open string', { RateLimit: '"a;r=0;t=5' }],
    ['of a negative time', { RateLimit: '"a";r=0;t=-5' }],
    ['of a time in words', { 'RateLimit-Remaining': '0', 'RateLimit-Reset': 'soon' }],
    ['of nothing', { RateLimit: '' }],
  ])('%s', (_name, headers) => {
    expect(pause(headers)).toBeNull();
  });

  test('or for a whole number of milliseconds, whatever is sent', () => {
    const value = fc.oneof(
      fc.stringMatching(/^[\x20-\x7e]*$/),
      fc.stringMatching(/^("?[a-z]*"?;?[rtqw]?=?\d{0,20},?)*$/),
    );
    fc.assert(
      fc.property(value, value, value, (limit, remaining, reset) => {
        for (const headers of [
          { RateLimit: limit, 'RateLimit-Policy': reset },
          { 'X-RateLimit-Remaining': remaining, 'X-RateLimit-Reset': reset },
          { 'RateLimit-Remaining': '0', 'RateLimit-Reset': reset },
        ]) {
          const ms = pause(headers) ?? 0;
          expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
