import type { Transaction } from '../changes/change-event.ts';
import type { Settleable, Settlement, SettlementEntry } from './settlement.ts';

/** Settles the events of one parcel, by their place in it. */
export interface Ticket {
  settle(indexes: readonly number[]): void;
}

/** A batch whose events were offered one after the other: one entry for all of them. */
export function ticketOfBatch(settlement: Settlement, batch: Settleable): Ticket {
  const entry = settlement.open(batch);
  return {
    settle(indexes) {
      if (indexes.length === batch.seqs.length) settlement.settle(entry);
      else settlement.settleSome(entry, indexes);
    },
  };
}

/** A batch of events that were waited for, each with an entry from when it was offered. */
export function ticketOfEntries(
  settlement: Settlement,
  entries: readonly SettlementEntry[],
): Ticket {
  return {
    settle(indexes) {
      for (const index of indexes) settlement.settle(entries[index]!);
    },
  };
}

export function single(event: { transaction: Transaction; seq: number }): Settleable {
  return { transactions: [event.transaction], seqs: [event.seq] };
}
