import type { Transaction } from '../changes/change-event.ts';
import { comparePositions, type Position } from '../changes/position.ts';
import type { Lsn } from '../pgoutput/lsn.ts';

/** Some events that are settled together: a batch, or one event alone. */
export type Settleable = {
  readonly transactions: readonly Transaction[];
  readonly seqs: readonly number[];
};

type Entry = {
  readonly events: Settleable;
  /** Everything up to here had been offered when the entry opened. */
  readonly before: Position;
  /** Every transaction that committed before this LSN had been offered when the entry opened. */
  readonly beforeThrough: Lsn;
  settled: boolean;
  /** Events settled by themselves, while others of the entry are not. */
  readonly settledAlone: Set<number>;
  /** Called once the watermark has passed it, and whatever was offered before the next entry. */
  onPassed: (() => void) | null;
};

/**
 * Which events are settled, when lanes settle them out of order. Entries stand in the order of their
 * first event, so the oldest unsettled one bounds what is settled without holes:
 *
 *     offered    ───────────────────────────────►
 *     entries    [settled][settled][ open ][settled][ open ]
 *     watermark                   ▲        └ settled ahead
 */
export class Settlement {
  readonly #entries: Entry[] = [];
  #oldest = 0;
  /** Settled entries from before the oldest unsettled one with events beyond the watermark. */
  #straddling: readonly Entry[] = [];
  #aheadCount = 0;
  /** The last event offered. */
  #seen: Position;
  /** Every transaction that committed before this LSN has been offered. */
  #seenThrough: Lsn;

  constructor(start: Position, slotAt: Lsn) {
    this.#seen = start;
    this.#seenThrough = slotAt;
  }

  /** Call for each event after it was put into an entry, or needed none. */
  offered(transaction: Transaction, seq: number): void {
    // A position a row would be garbage by the million: only the last of them is ever asked for.
    this.#seenTransaction = transaction;
    this.#seenSeq = seq;
  }

  #seenTransaction: Transaction | null = null;
  #seenSeq = 0;

  /** Every transaction that commits before `lsn` has been offered. */
  offeredThrough(lsn: Lsn): void {
    if (lsn > this.#seenThrough) this.#seenThrough = lsn;
  }

  open(events: Settleable): Entry {
    const entry: Entry = {
      events,
      before: this.#lastSeen(),
      beforeThrough: this.#seenThrough,
      settled: false,
      settledAlone: new Set(),
      onPassed: null,
    };
    this.#entries.push(entry);
    return entry;
  }

  settle(entry: Entry): void {
    entry.settled = true;
    this.#aheadCount += entry.events.seqs.length;
    const passedFrom = this.#oldest;
    while (this.#oldest < this.#entries.length && this.#entries[this.#oldest]!.settled) {
      this.#aheadCount -= this.#entries[this.#oldest]!.events.seqs.length;
      this.#oldest++;
    }
    if (this.#oldest > passedFrom) this.#pass(this.#entries.slice(passedFrom, this.#oldest));
    if (this.#oldest === this.#entries.length || this.#oldest > 1024) {
      this.#entries.splice(0, this.#oldest);
      this.#oldest = 0;
    }
  }

  /** Some of an entry's events, by their place in it; the last of them settle the entry. */
  settleSome(entry: Entry, indexes: Iterable<number>): void {
    if (entry.settled) return;
    for (const index of indexes) entry.settledAlone.add(index);
    if (entry.settledAlone.size === entry.events.seqs.length) this.settle(entry);
  }

  /** An entry may begin before the oldest unsettled one and end behind it: lanes fill side by side. */
  #pass(entries: readonly Entry[]): void {
    const { watermark } = this;
    for (const { onPassed } of entries) onPassed?.();
    this.#straddling = [...this.#straddling, ...entries].filter(
      ({ events }) => comparePositions(positionIn(events, events.seqs.length - 1), watermark) > 0,
    );
  }

  /** Settled without holes up to here. */
  get watermark(): Position {
    return this.#entries[this.#oldest]?.before ?? this.#lastSeen();
  }

  get hasUnsettled(): boolean {
    return this.#oldest < this.#entries.length;
  }

  /** What the watermark has to pass before it passes what is offered now; null: nothing. */
  get newestUnpassed(): Entry | null {
    return this.hasUnsettled ? this.#entries.at(-1)! : null;
  }

  /** Events that wait in entries behind an older unsettled one. */
  get aheadCount(): number {
    return this.#aheadCount;
  }

  /**
   * How far the slot may go: to the end of all that was offered, or else to the commit record of the
   * transaction with the oldest unsettled event. Postgres sends a transaction again when the slot
   * stands at its commit record, and not when it stands behind it. Of a message outside of any
   * transaction only the end is known, so the slot has to stay where it may before the message.
   */
  get slotMayAdvanceTo(): Lsn {
    const oldest = this.#entries[this.#oldest];
    if (oldest === undefined) return this.#seenThrough;
    const { commitLsn, xid } = oldest.events.transactions[0]!;
    return xid === null ? oldest.beforeThrough : commitLsn;
  }

  /** The places that are settled beyond the watermark, in no particular order. */
  settledAhead(): Position[] {
    const { watermark } = this;
    const straddling = this.#straddling
      .flatMap(({ events }) => positionsIn(events))
      .filter((position) => comparePositions(position, watermark) > 0);
    const ahead = this.#entries.slice(this.#oldest).flatMap(settledIn);
    return [...straddling, ...ahead];
  }

  #lastSeen(): Position {
    if (this.#seenTransaction !== null) {
      this.#seen = { commitLsn: this.#seenTransaction.commitLsn, seq: this.#seenSeq };
      this.#seenTransaction = null;
    }
    return this.#seen;
  }
}

export type SettlementEntry = Entry;

function settledIn({ settled, settledAlone, events }: Entry): Position[] {
  if (settled) return positionsIn(events);
  return [...settledAlone].map((index) => positionIn(events, index));
}

function positionsIn(events: Settleable): Position[] {
  return events.seqs.map((_seq, index) => positionIn(events, index));
}

function positionIn({ transactions, seqs }: Settleable, index: number): Position {
  return { commitLsn: transactions[index]!.commitLsn, seq: seqs[index]! };
}
