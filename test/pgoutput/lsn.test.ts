import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatLsn,
  formatLsnHalves,
  LsnSyntaxError,
  maxLsn,
  minLsn,
  parseLsn,
  sortableLsn,
  toLsn,
} from '../../src/pgoutput/lsn.ts';

const anyLsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(toLsn);

test('an LSN is read and printed as Postgres prints it', () => {
  expect(parseLsn('16/B374D848')).toBe(0x16_b374d848n);
  expect(formatLsn(parseLsn('16/b374d848'))).toBe('16/B374D848');
  expect(formatLsn(parseLsn('00000016/00000001'))).toBe('16/1');
  expect(formatLsn(parseLsn('FFFFFFFF/FFFFFFFF'))).toBe('FFFFFFFF/FFFFFFFF');
});

test('every LSN survives its text', () => {
  fc.assert(
    fc.property(anyLsn, (lsn) => {
      expect(parseLsn(formatLsn(lsn))).toBe(lsn);
      expect(formatLsnHalves(Number(lsn >> 32n), Number(lsn & 0xffffffffn))).toBe(formatLsn(lsn));
    }),
  );
});

test('the sortable text orders as the WAL does', () => {
  fc.assert(
    fc.property(anyLsn, anyLsn, (a, b) => {
      expect(sortableLsn(a) < sortableLsn(b)).toBe(a < b);
      expect([minLsn(a, b), maxLsn(a, b)]).toEqual(a < b ? [a, b] : [b, a]);
    }),
  );
  expect(sortableLsn(parseLsn('A/0'))).toBe('0000000A00000000');
});

test.each(['', '16', '16/', '/1', '16/B374D848 ', '0x16/1', '123456789/0', '-1/0', '1/0/0'])(
  '%o is refused',
  (text) => {
    expect(() => parseLsn(text)).toThrow(LsnSyntaxError);
  },
);
