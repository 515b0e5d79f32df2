import type { WritableEvent } from '../formats/event-format.ts';
import { Batch, type BatchBounds } from './batch.ts';
import type { BodyPool } from './body-pool.ts';
import type { EventText } from './event-text.ts';
import type { Framing } from '../formats/framing.ts';
import type { Parcel } from './parcel.ts';
import type { Settlement, SettlementEntry } from './settlement.ts';
import { type Ticket, ticketOfBatch, ticketOfEntries } from './ticket.ts';

export type BatchOptions = {
  readonly contentType: string;
  readonly framing: Framing;
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** A transaction is not spread over requests, unless it is larger than `maxBytes` alone. */
  readonly transactional: boolean;
  /** A larger event is not sent. */
  readonly maxEventBytes: number;
  /** What goes beside a body that is one event alone. */
  readonly headersOf: ((event: WritableEvent) => Readonly<Record<string, string>>) | null;
};

/** A batch on its way out. */
export type ClosedBatch = {
  readonly parcel: Parcel;
  /** Which of its events are to be sent. */
  readonly indexes: readonly number[];
  readonly lanes: readonly number[];
  readonly ticket: Ticket;
  /** Call once nothing reads its bytes any more. */
  readonly release: () => void;
};

export type Put = { readonly kind: 'put' } | { readonly kind: 'too-large'; readonly bytes: number };

/** Groups an endpoint's events into requests. */
export interface Batcher {
  /**
   * `entry`: the event's own, where it has one; else it is settled with its batch. `isSettled`: it was
   * sent before, and only shows where the batches were cut.
   */
  put(
    event: WritableEvent,
    text: EventText,
    lanes: readonly number[],
    entry: SettlementEntry | null,
    isSettled: boolean,
  ): Put;
  /** All of the transaction whose events were put last has been put. */
  transactionEnded(): void;
  /** Closes what is not full yet too. */
  flush(): void;
}

type OpenBatch = {
  readonly batch: Batch;
  readonly lanes: readonly number[];
  readonly ticket: Ticket;
  readonly entries: SettlementEntry[];
  headers: Readonly<Record<string, string>> | undefined;
};

const PUT: Put = { kind: 'put' };

/**
 * One open batch a lane. A barrier, which stands in several lanes, is a batch of its own: what stands
 * before it in any of its lanes is closed first, for lanes take batches in the order they are closed.
 */
export class LaneBatcher implements Batcher {
  readonly #options: BatchOptions;
  readonly #bounds: BatchBounds;
  readonly #settlement: Settlement;
  readonly #bodies: BodyPool;
  readonly #onClosed: (closed: ClosedBatch) => void;
  readonly #open: (OpenBatch | null)[];
  #openBarrier: OpenBatch | null = null;

  constructor(
    options: BatchOptions,
    laneCount: number,
    settlement: Settlement,
    bodies: BodyPool,
    onClosed: (closed: ClosedBatch) => void,
  ) {
    this.#options = options;
    this.#bounds = { maxBytes: options.maxBytes, maxEventBytes: options.maxEventBytes };
    this.#settlement = settlement;
    this.#bodies = bodies;
    this.#onClosed = onClosed;
    this.#open = Array.from({ length: laneCount }, () => null);
  }

  put(
    event: WritableEvent,
    text: EventText,
    lanes: readonly number[],
    entry: SettlementEntry | null,
  ): Put {
    let open = this.#openFor(lanes);
    let appended = open?.batch.append(event, text, this.#bounds);
    if (open !== null && appended?.kind === 'full') {
      this.#close(open);
      open = null;
    }
    if (open === null) {
      const batch = new Batch(this.#bodies.take(), this.#options.framing);
      appended = batch.append(event, text, this.#bounds);
      if (appended.kind === 'appended') open = this.#openBatch(batch, lanes, entry);
      else this.#bodies.give(batch.body);
    }
    if (appended?.kind === 'event-too-large') return { kind: 'too-large', bytes: appended.bytes };
    if (entry !== null) open!.entries.push(entry);
    const { maxEvents, headersOf } = this.#options;
    if (maxEvents === 1 && headersOf !== null) open!.headers = headersOf(event);
    if (open!.batch.eventCount >= maxEvents) this.#close(open!);
    return PUT;
  }

  /** Lanes cut across transactions. */
  transactionEnded(): void {}

  flush(): void {
    for (const open of this.#open) if (open !== null) this.#close(open);
    if (this.#openBarrier !== null) this.#close(this.#openBarrier);
  }

  #openFor(lanes: readonly number[]): OpenBatch | null {
    const barrier = this.#openBarrier;
    if (barrier !== null) {
      if (barrier.lanes === lanes) return barrier;
      this.#close(barrier);
    }
    if (lanes.length === 1) return this.#open[lanes[0]!] ?? null;
    for (const lane of lanes) {
      const open = this.#open[lane];
      if (open) this.#close(open);
    }
    return null;
  }

  #openBatch(batch: Batch, lanes: readonly number[], entry: SettlementEntry | null): OpenBatch {
    const entries: SettlementEntry[] = [];
    const ticket =
      entry === null
        ? ticketOfBatch(this.#settlement, batch)
        : ticketOfEntries(this.#settlement, entries);
    const open = { batch, lanes, ticket, entries, headers: undefined };
    if (lanes.length === 1) this.#open[lanes[0]!] = open;
    else this.#openBarrier = open;
    return open;
  }

  #close(open: OpenBatch): void {
    const { batch, lanes, ticket, headers } = open;
    if (this.#openBarrier === open) this.#openBarrier = null;
    for (const lane of lanes) if (this.#open[lane] === open) this.#open[lane] = null;
    const { contentType, maxEvents } = this.#options;
    const parcel = batch.close(contentType, maxEvents === 1, headers);
    const release = (): void => this.#bodies.give(batch.body);
    this.#onClosed({ parcel, indexes: parcel.indexes, lanes, ticket, release });
  }
}
