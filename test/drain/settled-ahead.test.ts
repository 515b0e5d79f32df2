import { array, assert as check, bigInt, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { comparePositions, type Position } from '../../src/changes/position.ts';
import { decodePositions, encodePositions } from '../../src/drain/settled-ahead.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';

const position = record({
  commitLsn: bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(toLsn),
  seq: nat({ max: 0xffff_ffff }),
});

test('places come back sorted as they were stored', () => {
  check(
    property(array(position), (positions: readonly Position[]) => {
      const sorted = [...positions].sort(comparePositions);
      expect(decodePositions(encodePositions(positions))).toEqual(sorted);
    }),
  );
});

test('places of one transaction take two bytes each', () => {
  const commitLsn = toLsn(0x7f_1234_5678n);
  const positions = Array.from({ length: 1_000 }, (_, i) => ({ commitLsn, seq: i * 3 }));
  expect(encodePositions(positions).length).toBeLessThan(2_010);
});

test('no places are no bytes', () => {
  expect(encodePositions([])).toEqual(new Uint8Array());
  expect(decodePositions(new Uint8Array())).toEqual([]);
});

test('a list that breaks off is an error, not a shorter list', () => {
  const bytes = encodePositions([{ commitLsn: toLsn(0xffff_ffffn), seq: 300 }]);
  for (let length = 1; length < bytes.length; length++) {
    expect(() => decodePositions(bytes.subarray(0, length))).toThrow('ends in the middle');
  }
});
