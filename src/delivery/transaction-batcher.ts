import type { Transaction } from '../changes/change-event.ts';
import type { WritableEvent } from '../formats/event-format.ts';
import { Batch, type BatchBounds } from './batch.ts';
import type { BatchOptions, Batcher, ClosedBatch, Put } from './batcher.ts';
import type { BodyPool } from './body-pool.ts';
import type { EventText } from './event-text.ts';
import type { Settlement, SettlementEntry } from './settlement.ts';
import type { Ticket } from './ticket.ts';

/** Bytes of one transaction that wait for its end to tell how many parts it has. */
const HELD_BYTES = 32 << 20;
const PUT: Put = { kind: 'put' };

/** Some of a transaction's events that stand in one batch. */
type Chunk = {
  /** The chunk's own, unless each event has one. */
  readonly entry: SettlementEntry | null;
  readonly entries: SettlementEntry[];
  readonly transactions: Transaction[];
  readonly seqs: number[];
  /** Its first event's place in the batch. */
  from: number;
};

type OpenBatch = {
  readonly batch: Batch;
  chunks: Chunk[];
  /** Places of events that were sent before. */
  readonly settled: Set<number>;
};

/**
 * Batches of whole transactions. One that is larger than `maxBytes` goes in parts, one behind the
 * other in one lane, numbered i of n; of one too large to wait for its end, n is `*` until the last
 * part tells. Where the parts are cut depends on the events alone: a drain that goes on in the middle
 * of a transaction counts on.
 */
export class TransactionBatcher implements Batcher {
  readonly #options: BatchOptions;
  readonly #bounds: BatchBounds;
  readonly #laneCount: number;
  readonly #settlement: Settlement;
  readonly #bodies: BodyPool;
  readonly #onClosed: (closed: ClosedBatch) => void;
  #open: OpenBatch | null = null;
  /** The transaction that is being put: its chunk is the open batch's last. */
  #current: Chunk | null = null;
  #parts: OpenBatch[] = [];
  #partBytes = 0;
  #partsSent = 0;
  #lane = 0;

  constructor(
    options: BatchOptions,
    laneCount: number,
    settlement: Settlement,
    bodies: BodyPool,
    onClosed: (closed: ClosedBatch) => void,
  ) {
    this.#options = options;
    this.#bounds = { maxBytes: options.maxBytes, maxEventBytes: options.maxEventBytes };
    this.#laneCount = laneCount;
    this.#settlement = settlement;
    this.#bodies = bodies;
    this.#onClosed = onClosed;
  }

  put(
    event: WritableEvent,
    text: EventText,
    _lanes: readonly number[],
    entry: SettlementEntry | null,
    isSettled: boolean,
  ): Put {
    if (this.#current?.transactions[0] !== event.transaction) this.transactionEnded();
    let open = this.#withRoom();
    let appended = open.batch.append(event, text, this.#bounds);
    // An empty batch takes any event that is not too large for all.
    while (appended.kind === 'full') {
      open = this.#next(open);
      appended = open.batch.append(event, text, this.#bounds);
    }
    if (appended.kind === 'event-too-large') return { kind: 'too-large', bytes: appended.bytes };
    this.#note(open, event, entry, isSettled);
    return PUT;
  }

  transactionEnded(): void {
    this.#current = null;
    const open = this.#open;
    if (open === null) return;
    if (this.#parts.length > 0 || this.#partsSent > 0) this.#closeParts(open);
    else if (open.batch.eventCount >= this.#options.maxEvents) this.#close(open, null);
  }

  /** What is not whole yet waits for its end. */
  flush(): void {
    const open = this.#open;
    if (open === null || open.batch.eventCount === 0) return;
    if (this.#current === null) this.#close(open, null);
    else if (open.chunks.length > 1) this.#moveCurrent(open);
  }

  /** A batch is not filled beyond `maxEvents`, unless by one transaction alone. */
  #withRoom(): OpenBatch {
    const open = (this.#open ??= this.#empty());
    const full = open.batch.eventCount >= this.#options.maxEvents;
    return full && this.#current !== null && open.chunks.length > 1
      ? this.#moveCurrent(open)
      : open;
  }

  /** For an event that finds no room: the whole transactions before it go, or a part of its own. */
  #next(open: OpenBatch): OpenBatch {
    if (this.#current === null) {
      this.#close(open, null);
      return (this.#open = this.#empty());
    }
    if (open.chunks.length > 1) return this.#moveCurrent(open);
    this.#parts.push(open);
    this.#partBytes += open.batch.body.length;
    this.#current = null;
    while (this.#partBytes > HELD_BYTES) this.#sendPart(this.#parts.shift()!, '*');
    return (this.#open = this.#empty());
  }

  /** The transaction that is being put gets a batch of its own; what stands before it is closed. */
  #moveCurrent(open: OpenBatch): OpenBatch {
    const current = open.chunks.pop()!;
    const moved = this.#empty();
    open.batch.moveTo(moved.batch, current.from);
    for (const place of open.settled) {
      if (place < current.from) continue;
      open.settled.delete(place);
      moved.settled.add(place - current.from);
    }
    current.from = 0;
    moved.chunks.push(current);
    this.#close(open, null);
    return (this.#open = moved);
  }

  #closeParts(last: OpenBatch): void {
    const count = String(this.#partsSent + this.#parts.length + 1);
    for (const part of this.#parts.splice(0)) this.#sendPart(part, count);
    if (last.batch.eventCount > 0) this.#sendPart(last, count);
    this.#open = null;
    this.#partsSent = 0;
    this.#lane += 1;
  }

  #sendPart(part: OpenBatch, count: string): void {
    this.#partBytes -= Math.min(this.#partBytes, part.batch.body.length);
    this.#partsSent += 1;
    this.#close(part, `${this.#partsSent}/${count}`);
  }

  #close(open: OpenBatch, part: string | null): void {
    const { batch, chunks, settled } = open;
    if (this.#open === open) this.#open = null;
    const ticket = ticketOf(this.#settlement, chunks);
    if (settled.size > 0) ticket.settle([...settled]);
    const release = (): void => this.#bodies.give(batch.body);
    if (settled.size === batch.eventCount) return release();
    const { xid } = chunks[0]!.transactions[0]!;
    const headers =
      part === null
        ? undefined
        : { 'walhook-transaction': String(xid), 'walhook-transaction-part': part };
    const parcel = batch.close(this.#options.contentType, false, headers);
    const indexes = parcel.indexes.filter((index) => !settled.has(index));
    const lanes = [this.#lane % this.#laneCount];
    if (part === null) this.#lane += 1;
    this.#onClosed({ parcel, indexes, lanes, ticket, release });
  }

  #note(
    { batch, chunks, settled }: OpenBatch,
    { transaction, seq }: WritableEvent,
    ownEntry: SettlementEntry | null,
    isSettled: boolean,
  ): void {
    const place = batch.eventCount - 1;
    let chunk = this.#current;
    if (chunk === null) {
      chunk = this.#openChunk(place, ownEntry !== null);
      this.#current = chunk;
      chunks.push(chunk);
    }
    chunk.transactions.push(transaction);
    chunk.seqs.push(seq);
    if (ownEntry !== null) chunk.entries.push(ownEntry);
    if (isSettled) settled.add(place);
  }

  /** With its first event: entries stand in the order of their first events. */
  #openChunk(from: number, ownEntries: boolean): Chunk {
    const events = { transactions: [], seqs: [] };
    const entry = ownEntries ? null : this.#settlement.open(events);
    return { ...events, entry, entries: [], from };
  }

  #empty(): OpenBatch {
    const batch = new Batch(this.#bodies.take(), this.#options.framing);
    return { batch, chunks: [], settled: new Set() };
  }
}

function ticketOf(settlement: Settlement, chunks: readonly Chunk[]): Ticket {
  return {
    settle(indexes) {
      for (const { entry, entries, from, seqs } of chunks) {
        const within = indexes
          .map((index) => index - from)
          .filter((index) => index >= 0 && index < seqs.length);
        if (entry !== null) settlement.settleSome(entry, within);
        else for (const index of within) settlement.settle(entries[index]!);
      }
    },
  };
}
