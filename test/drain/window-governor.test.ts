import { array, assert as check, bigInt, integer, oneof, constant, property } from 'fast-check';
import { expect, test } from 'vitest';
import { WindowGovernor } from '../../src/drain/window-governor.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';

const decodedMs = array(integer({ min: 0, max: 60_000 }));

test('a window never asks for more than its bounds, nor beyond the target, and always for something', () => {
  check(
    property(
      integer({ min: 1, max: 10_000_000 }),
      integer({ min: 1_024, max: 1 << 30 }),
      bigInt({ min: 1n, max: 1n << 40n }),
      decodedMs,
      oneof(constant(Infinity), integer({ min: -1_000, max: 60_000 })),
      (maxWindowChanges, maxWindowBytes, ahead, observed, timeLeftMs) => {
        const governor = new WindowGovernor({ maxWindowChanges, maxWindowBytes });
        const from = toLsn(0x1000n);
        const target = toLsn(from + ahead);
        for (const ms of [null, ...observed]) {
          if (ms !== null) governor.observe(ms, timeLeftMs);
          const { maxChanges, uptoLsn } = governor.bounds(from, target);
          expect(maxChanges).toBeGreaterThanOrEqual(1);
          expect(maxChanges).toBeLessThanOrEqual(maxWindowChanges);
          expect(Number.isInteger(maxChanges)).toBe(true);
          expect(uptoLsn).toBeGreaterThan(from);
          expect(uptoLsn).toBeLessThanOrEqual(target);
          expect(uptoLsn - from).toBeLessThanOrEqual(BigInt(maxWindowBytes));
        }
      },
    ),
  );
});

test('a window brings as much that is new as it returns again, while there is time for that', () => {
  const governor = new WindowGovernor({ maxWindowChanges: 500, maxWindowBytes: 4_096 });
  const from = toLsn(1n << 20n);
  const repeated = { changes: 9_000, bytes: 1n << 19n };
  const bounds = (ahead: bigint) => governor.bounds(from, toLsn(from + ahead), repeated);
  expect(bounds(1n << 30n)).toEqual({ uptoLsn: from + repeated.bytes, maxChanges: 18_000 });
  expect(bounds(100n).uptoLsn).toBe(from + 100n);
  governor.observe(2_000, 5_000);
  expect(bounds(1n << 30n)).toEqual({ uptoLsn: from + 4_096n, maxChanges: 9_500 });
});

test('windows grow while they are cheap and shrink when one took long', () => {
  const governor = new WindowGovernor({ maxWindowChanges: 1e9, maxWindowBytes: 1e9 });
  const size = () => governor.bounds(toLsn(0n), toLsn(1n << 60n)).maxChanges;
  const first = size();
  governor.observe(1, Infinity);
  const grown = size();
  expect(grown).toBeGreaterThan(first);
  governor.observe(2_000, Infinity);
  expect(size()).toBe(grown);
  governor.observe(2_000, 3_000);
  expect(size()).toBeLessThan(grown);
});
