import { expect, test } from 'vitest';
import type { Transaction } from '../../src/changes/change-event.ts';
import { positionBefore } from '../../src/changes/position.ts';
import { Settlement, type SettlementEntry } from '../../src/delivery/settlement.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';

const START = toLsn(100n);
const transaction: Transaction = { xid: 7, commitLsn: toLsn(200n), committedAt: 0n };

/** Opens an entry for each batch at its first event, as events are offered in order. */
function settlementOf(...batches: readonly (readonly number[])[]): {
  settlement: Settlement;
  entries: SettlementEntry[];
} {
  const settlement = new Settlement(positionBefore(START), START);
  const entries: SettlementEntry[] = [];
  for (const seq of batches.flat().sort((a, b) => a - b)) {
    const batch = batches.findIndex((seqs) => seqs[0] === seq);
    if (batch >= 0) {
      const seqs = batches[batch]!;
      const transactions = seqs.map(() => transaction);
      entries[batch] = settlement.open({ transactions, seqs });
    }
    settlement.offered(transaction, seq);
  }
  return { settlement, entries };
}

const at = (seq: number) => ({ commitLsn: transaction.commitLsn, seq });

test('a settled batch that reaches beyond the oldest unsettled event is remembered there', () => {
  const { settlement, entries } = settlementOf([0, 3], [1, 2, 5], [4]);

  settlement.settle(entries[0]!);
  expect(settlement.watermark).toEqual(at(0));
  expect(settlement.settledAhead()).toEqual([at(3)]);

  settlement.settle(entries[1]!);
  expect(settlement.watermark).toEqual(at(3));
  expect(settlement.settledAhead()).toEqual([at(5)]);

  settlement.settle(entries[2]!);
  expect(settlement.watermark).toEqual(at(5));
  expect(settlement.settledAhead()).toEqual([]);
});

test('batches settled in any order leave nothing behind', () => {
  const { settlement, entries } = settlementOf([0, 6], [1, 4], [2, 3], [5]);

  settlement.settle(entries[2]!);
  expect(settlement.settledAhead()).toEqual([at(2), at(3)]);
  settlement.settle(entries[0]!);
  expect(settlement.watermark).toEqual(at(0));
  expect(settlement.settledAhead()).toEqual([at(6), at(2), at(3)]);
  settlement.settle(entries[1]!);
  expect(settlement.watermark).toEqual(at(4));
  expect(settlement.settledAhead()).toEqual([at(6)]);
  settlement.settle(entries[3]!);
  expect(settlement.watermark).toEqual(at(6));
  expect(settlement.settledAhead()).toEqual([]);
  expect(settlement.hasUnsettled).toBe(false);
});
