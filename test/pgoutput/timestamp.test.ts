import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { postgresTimestamp, toUnixMicros } from '../../src/pgoutput/timestamp.ts';

const DAY = 86_400_000_000n;

test('counts from the first instant of the year 2000', () => {
  expect(postgresTimestamp(0n)).toBe('2000-01-01T00:00:00.000000Z');
  expect(toUnixMicros(0n)).toBe(BigInt(Date.UTC(2000, 0, 1)) * 1000n);
});

test.each([
  [-1n, '1999-12-31T23:59:59.999999Z'],
  [1n, '2000-01-01T00:00:00.000001Z'],
  [123_456n, '2000-01-01T00:00:00.123456Z'],
  [59n * DAY, '2000-02-29T00:00:00.000000Z'],
  [-946_684_800_000_001n, '1969-12-31T23:59:59.999999Z'],
  [252_455_615_999_999_999n, '9999-12-31T23:59:59.999999Z'],
  [252_455_616_000_000_000n, '+010000-01-01T00:00:00.000000Z'],
  [-63_113_904_000_000_000n, '0000-01-01T00:00:00.000000Z'],
  [-63_113_904_000_000_001n, '-000001-12-31T23:59:59.999999Z'],
])('prints %i with six digits of a second', (micros, text) => {
  expect(postgresTimestamp(micros)).toBe(text);
});

test('prints every 64-bit value, also those beyond a JavaScript Date', () => {
  expect(postgresTimestamp(2n ** 63n - 1n)).toBe('+294277-01-09T04:00:54.775807Z');
  expect(postgresTimestamp(-(2n ** 63n))).toBe('-290278-12-22T19:59:05.224192Z');
});

test('agrees with Date wherever Date reaches', () => {
  const micros = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
  fc.assert(
    fc.property(micros, (timestamp) => {
      const text = postgresTimestamp(timestamp);
      const ms = (toUnixMicros(timestamp) - BigInt(text.slice(-4, -1))) / 1000n;
      expect(text).toBe(`${new Date(Number(ms)).toISOString().slice(0, -1)}${text.slice(-4)}`);
    }),
    { seed: 20000101, numRuns: 1000 },
  );
});
