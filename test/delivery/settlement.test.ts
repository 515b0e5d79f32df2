import { array, assert as check, boolean, nat, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import type { Transaction } from '../../src/changes/change-event.ts';
import { comparePositions, type Position, positionBefore } from '../../src/changes/position.ts';
import { AlreadySettled } from '../../src/delivery/already-settled.ts';
import { Settlement, type SettlementEntry } from '../../src/delivery/settlement.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';

const START = toLsn(0x1000n);

/** Transactions of the given sizes, one behind the other. */
function stream(sizes: readonly number[]): { transaction: Transaction; seq: number }[] {
  return sizes.flatMap((size, i) => {
    const transaction = { xid: i, commitLsn: toLsn(START + BigInt(i) * 0x100n), committedAt: 0n };
    return Array.from({ length: size }, (_, seq) => ({ transaction, seq }));
  });
}

const key = ({ commitLsn, seq }: Position) => `${commitLsn} ${seq}`;

const sizes = array(nat({ max: 4 }), { minLength: 1, maxLength: 6 });
/** Which lane each event goes to, and whether its batch is full with it. */
const batching = array(tuple(nat({ max: 2 }), boolean()), { minLength: 1, maxLength: 12 });
const settlingOrder = array(nat(), { maxLength: 24 });

type Lane = { transactions: Transaction[]; seqs: number[]; entry: SettlementEntry };

/** Lets lanes fill side by side and their batches be settled in any order. */
function settleSome(
  events: ReturnType<typeof stream>,
  lanes: readonly (readonly [number, boolean])[],
  order: readonly number[],
) {
  const settlement = new Settlement(positionBefore(START), START);
  const open = new Map<number, Lane>();
  const closed: Lane[] = [];
  for (const [i, { transaction, seq }] of events.entries()) {
    const [lane, full] = lanes[i % lanes.length]!;
    let batch = open.get(lane);
    if (batch === undefined) {
      const places = { transactions: [transaction], seqs: [seq] };
      batch = { ...places, entry: settlement.open(places) };
      open.set(lane, batch);
    } else {
      batch.transactions.push(transaction);
      batch.seqs.push(seq);
    }
    settlement.offered(transaction, seq);
    if (!full) continue;
    open.delete(lane);
    closed.push(batch);
  }
  const settled = new Set<string>();
  for (const pick of order) {
    const [batch] = closed.splice(pick % Math.max(closed.length, 1), 1);
    if (batch === undefined) break;
    settlement.settle(batch.entry);
    for (const [i, seq] of batch.seqs.entries()) {
      settled.add(key({ commitLsn: batch.transactions[i]!.commitLsn, seq }));
    }
  }
  return { settlement, settled };
}

test('watermark and settled ahead together are exactly what is settled', () => {
  check(
    property(sizes, batching, settlingOrder, (perTransaction, lanes, order) => {
      const events = stream(perTransaction);
      const { settlement, settled } = settleSome(events, lanes, order);
      const ahead = settlement.settledAhead();
      const told = new Set(ahead.map(key));
      expect(told.size).toBe(ahead.length);
      for (const { transaction, seq } of events) {
        const position = { commitLsn: transaction.commitLsn, seq };
        const isWithin = comparePositions(position, settlement.watermark) <= 0;
        expect(isWithin || told.has(key(position))).toBe(settled.has(key(position)));
      }
    }),
    { numRuns: 500 },
  );
});

test('the next drain delivers exactly what is not settled', () => {
  check(
    property(sizes, batching, settlingOrder, (perTransaction, lanes, order) => {
      const events = stream(perTransaction);
      const { settlement, settled } = settleSome(events, lanes, order);
      const already = new AlreadySettled(settlement.watermark, settlement.settledAhead());
      const delivered = events
        .map(({ transaction, seq }) => ({
          position: { commitLsn: transaction.commitLsn, seq },
          answer: already.check({ ...transaction }, seq),
        }))
        .filter(({ answer }) => answer === 'no')
        .map(({ position }) => key(position));
      const unsettled = events
        .map(({ transaction, seq }) => key({ commitLsn: transaction.commitLsn, seq }))
        .filter((position) => !settled.has(position));
      expect(delivered).toEqual(unsettled);
      expect(already.aheadNotMet()).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('the slot never passes a transaction with an unsettled event', () => {
  check(
    property(sizes, batching, settlingOrder, (perTransaction, lanes, order) => {
      const events = stream(perTransaction);
      const { settlement, settled } = settleSome(events, lanes, order);
      settlement.offeredThrough(toLsn(0xffffn));
      const oldest = events.find(
        ({ transaction, seq }) => !settled.has(key({ commitLsn: transaction.commitLsn, seq })),
      );
      expect(settlement.hasUnsettled).toBe(oldest !== undefined);
      expect(settlement.slotMayAdvanceTo).toBe(oldest?.transaction.commitLsn ?? toLsn(0xffffn));
    }),
    { numRuns: 500 },
  );
});

test('the slot stays before a message outside of any transaction until it is settled', () => {
  const settlement = new Settlement(positionBefore(START), START);
  const alone = { xid: null, commitLsn: toLsn(0x1fffn), committedAt: null };
  settlement.offeredThrough(toLsn(0x1800n));
  const entry = settlement.open({ transactions: [alone], seqs: [0] });
  settlement.offered(alone, 0);
  settlement.offeredThrough(toLsn(0x2000n));
  expect(settlement.slotMayAdvanceTo).toBe(0x1800n);
  settlement.settle(entry);
  expect(settlement.slotMayAdvanceTo).toBe(0x2000n);
});

test('what a stream brings again after it was met is not new', () => {
  check(
    property(sizes, nat(), nat(), (perTransaction, cut, back) => {
      const events = stream(perTransaction);
      const already = new AlreadySettled(positionBefore(START), []);
      const met = events.length === 0 ? 0 : cut % (events.length + 1);
      const first = events
        .slice(0, met)
        .map(({ transaction, seq }) => already.check(transaction, seq));
      expect(first).toEqual(first.map(() => 'no'));
      // A peek begins anew at some transaction, and describes each anew.
      const from = events.findIndex(
        (event) => event.seq === 0 && events.indexOf(event) >= back % (met + 1),
      );
      const again = events.slice(from === -1 || from > met ? 0 : from);
      const copies = new Map<Transaction, Transaction>();
      const answers = again.map(({ transaction, seq }) => {
        if (!copies.has(transaction)) copies.set(transaction, { ...transaction });
        return already.check(copies.get(transaction)!, seq);
      });
      expect(answers).toEqual(
        again.map((event) => (events.indexOf(event) < met ? 'before' : 'no')),
      );
    }),
    { numRuns: 500 },
  );
});
