import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNumbers, exactNumber } from '../../src/routing/exact-number.ts';

const compare = (a: string, b: string): number =>
  Math.sign(compareNumbers(exactNumber(a)!, exactNumber(b)!));

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(12))
  .map(([units, places]) => ({
    units: units * 10n ** BigInt(12 - places),
    text: textOf(units, places),
  }));

function textOf(units: bigint, places: number): string {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places);
  return `${units < 0n ? '-' : ''}${whole}${places === 0 ? '' : `.${fraction}`}`;
}

test('decimals are ordered by all their digits', () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const expected = a.units === b.units ? 0 : a.units < b.units ? -1 : 1;
      expect(compare(a.text, b.text)).toBe(expected);
      expect(compare(b.text, a.text)).toBe(-expected + 0);
      expect(compare(a.text, a.text)).toBe(0);
    }),
  );
});

test('doubles are ordered as JavaScript orders them', () => {
  const double = fc.double({ noNaN: true });
  fc.assert(
    fc.property(double, double, (a, b) => {
      expect(compare(String(a), String(b))).toBe(a === b ? 0 : a < b ? -1 : 1);
    }),
  );
});

test.each([
  ['0', '-0', 0],
  ['0.00', '0e5', 0],
  ['1e3', '1000.0', 0],
  ['1e100000', '1e99999', 1],
  ['-1e100000', '1', -1],
  ['NaN', 'NaN', 0],
  ['NaN', 'Infinity', 1],
  ['-Infinity', '-1e300', -1],
])('%s and %s: %i', (a, b, expected) => {
  expect(compare(a, b)).toBe(expected);
});

test.each(['', 'x', '1,5', '0x10', '1e', '--1', '1 ', '١'])('"%s" is no number', (text) => {
  expect(exactNumber(text)).toBeNull();
});
