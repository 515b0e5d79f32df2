import { array, assert as check, integer, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import type { EmittedMessage, Transaction } from '../../src/changes/change-event.ts';
import { eventId } from '../../src/changes/position.ts';
import type { ClosedBatch } from '../../src/delivery/batcher.ts';
import { BodyPool } from '../../src/delivery/body-pool.ts';
import { batchEnvelope } from '../../src/delivery/envelope.ts';
import { EventText } from '../../src/delivery/event-text.ts';
import { Settlement } from '../../src/delivery/settlement.ts';
import { TransactionBatcher } from '../../src/delivery/transaction-batcher.ts';
import type { EventFormat } from '../../src/formats/event-format.ts';
import { positionBefore } from '../../src/changes/position.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';

/** An event's text is its id, as long as its content says. */
const format: EventFormat = {
  contentType: 'application/json',
  write({ transaction, seq, ...event }, out) {
    const { content } = event as EmittedMessage;
    const id = eventId({ commitLsn: transaction.commitLsn, seq });
    out.ascii(JSON.stringify(id.padEnd(content.length)));
  },
};
const framing = batchEnvelope('p', 'e', { database: 'd', slot: 's', system: null });

function eventsOf(transaction: Transaction, sizes: readonly number[]): EmittedMessage[] {
  return sizes.map((size, seq) => ({
    op: 'message',
    prefix: '',
    content: new Uint8Array(size),
    transactional: true,
    transaction,
    seq,
    lsnHigh: 0,
    lsnLow: 0,
  }));
}

type Sent = { readonly ids: readonly string[]; readonly part: string | undefined };

/** Puts all transactions; the first `settled` events of all were sent before. */
function run(
  transactions: readonly (readonly number[])[],
  bounds: { maxEvents: number; maxBytes: number },
  settled: number,
) {
  const settlement = new Settlement(positionBefore(toLsn(0n)), toLsn(0n));
  const closed: ClosedBatch[] = [];
  const options = {
    ...bounds,
    contentType: format.contentType,
    framing,
    transactional: true,
    maxEventBytes: 1 << 20,
    headersOf: null,
  };
  const batcher = new TransactionBatcher(options, 1, settlement, new BodyPool(4), (batch) =>
    closed.push(batch),
  );
  const text = new EventText(format);
  let placed = 0;
  for (const [index, sizes] of transactions.entries()) {
    const transaction = { xid: index + 1, commitLsn: toLsn(BigInt(index + 1)), committedAt: 0n };
    for (const event of eventsOf(transaction, sizes)) {
      const isSettled = placed < settled;
      batcher.put(event, text.of(event), [0], null, isSettled);
      if (!isSettled) settlement.offered(transaction, event.seq);
      placed += 1;
    }
    batcher.transactionEnded();
  }
  batcher.flush();
  const sent = closed.map(({ parcel, indexes }): Sent => {
    const whole = JSON.parse(Buffer.from(parcel.whole.body).toString()) as { events: string[] };
    const ids = whole.events.map((id) => id.trim());
    return {
      ids: indexes.map((index) => ids[index]!),
      part: parcel.whole.headers['walhook-transaction-part'],
    };
  });
  return { settlement, closed, sent, placed };
}

const backlog = record({
  transactions: array(array(integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 }), {
    minLength: 1,
    maxLength: 12,
  }),
  maxEvents: integer({ min: 2, max: 20 }),
  maxBytes: integer({ min: 300, max: 3_000 }),
  settled: nat({ max: 60 }),
});

const transactionOf = (id: string): string => id.slice(0, 16);

test('requests hold whole transactions in order; parts belong to one, and are numbered without gaps', () => {
  check(
    property(backlog, ({ transactions, maxEvents, maxBytes }) => {
      const { sent, closed, settlement, placed } = run(transactions, { maxEvents, maxBytes }, 0);
      const ids = sent.flatMap((each) => each.ids);
      expect(ids).toHaveLength(placed);
      expect(ids).toEqual([...ids].sort());

      const homes = new Map<string, number[]>();
      for (const [batch, { ids: own }] of sent.entries()) {
        for (const transaction of new Set(own.map(transactionOf))) {
          homes.set(transaction, [...(homes.get(transaction) ?? []), batch]);
        }
      }
      for (const batches of homes.values()) {
        const parts = batches.map((batch) => sent[batch]!.part);
        const count = batches.length;
        const numbered = batches.map((_batch, index) => `${index + 1}/${count}`);
        expect(parts).toEqual(count === 1 ? [undefined] : numbered);
        const shared = batches.filter(
          (batch) => new Set(sent[batch]!.ids.map(transactionOf)).size > 1,
        );
        expect(count === 1 || shared.length === 0).toBe(true);
      }
      for (const { parcel, indexes } of closed) {
        const { body, eventCount } = parcel.whole;
        expect(eventCount === 1 || body.length <= maxBytes).toBe(true);
        const own = new Set(indexes.map((index) => transactionOf(parcel.idAt(index))));
        expect(own.size === 1 || eventCount <= maxEvents).toBe(true);
      }
      expect(settlement.hasUnsettled).toBe(true);
      for (const { ticket, indexes } of closed) ticket.settle(indexes);
      expect(settlement.hasUnsettled).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('what was sent before is not sent again, and changes neither the cuts of a transaction nor its numbers', () => {
  check(
    property(backlog, ({ transactions, maxEvents, maxBytes, settled }) => {
      const bounds = { maxEvents, maxBytes };
      const whole = run(transactions, bounds, 0).sent;
      const all = whole.flatMap(({ ids }) => ids);
      const before = new Set(all.slice(0, settled));
      // The drain before ended within a transaction; earlier ones are not put at all.
      const first = settled < all.length ? transactionOf(all[settled]!) : null;
      if (first === null) return;
      const skipped = transactions.slice(0, Number(BigInt(`0x${first}`)) - 1).flat().length;
      const left = transactions.map((sizes, index) =>
        index < Number(BigInt(`0x${first}`)) - 1 ? [] : sizes,
      );
      const { sent, closed, settlement } = run(left, bounds, settled - skipped);

      expect(sent.flatMap(({ ids }) => ids)).toEqual(all.slice(settled));
      const partsOf = (batches: readonly Sent[]) =>
        batches
          .filter(({ part }) => part !== undefined)
          .map(({ ids, part }) => ({ part, ids: ids.filter((id) => !before.has(id)) }))
          .filter(({ ids }) => ids.length > 0 && transactionOf(ids[0]!) >= first);
      expect(partsOf(sent)).toEqual(partsOf(whole));
      for (const { ticket, indexes } of closed) ticket.settle(indexes);
      expect(settlement.hasUnsettled).toBe(false);
    }),
    { numRuns: 500 },
  );
});
