import type { RelationMark } from '../changes/relation-mark.ts';
import type { ClosedBatch } from './batcher.ts';
import type { Parcel } from './parcel.ts';
import type { ParkedBatch, ParkedEvent } from './parked-batch.ts';

export type ParkingBounds = { readonly maxEvents: number; readonly maxBytes: number };

export type ParkingOptions = {
  readonly endpoint: string;
  /** How lanes are numbered now. */
  readonly numbering: string;
  readonly bounds: ParkingBounds;
  /** What is parked already. */
  readonly events: number;
  readonly bytes: number;
  /** Resolves once they are durable, in this order behind all that is parked. */
  readonly store: (batches: readonly ParkedBatch[]) => Promise<void>;
  readonly onParked: (batch: ClosedBatch) => void;
  /** There is no more room. What did not fit, and whatever follows it, is not taken. */
  readonly onFull: () => void;
  readonly onFailure: (error: unknown) => void;
  readonly onChange: () => void;
};

/** Bytes of one write: enough for few round trips, little enough to build a statement of. */
const WRITE_BYTES = 4 << 20;
const WRITE_BATCHES = 1_000;
const PENDING_BYTES = 16 << 20;
const PENDING_BATCHES = 4_000;

/** Stores batches, in the order they come, for an endpoint that takes none now. */
export class Parking {
  readonly #options: ParkingOptions;
  #pending: ClosedBatch[] = [];
  #pendingBytes = 0;
  #events: number;
  #bytes: number;
  #turnedAway = false;
  #writing: Promise<void> | null = null;

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#bytes = options.bytes;
  }

  park(batch: ClosedBatch): void {
    const { body } = batch.parcel.whole;
    const eventCount = batch.indexes.length;
    const { maxEvents, maxBytes } = this.#options.bounds;
    this.#turnedAway ||=
      this.#events + eventCount > maxEvents || this.#bytes + body.length > maxBytes;
    if (this.#turnedAway) return this.#options.onFull();
    this.#events += eventCount;
    this.#bytes += body.length;
    this.#pending.push(batch);
    this.#pendingBytes += body.length;
    this.#writing ??= this.#write();
  }

  /** Parked events that were sent make room again. */
  left(events: number, bytes: number): void {
    this.#events -= events;
    this.#bytes -= bytes;
  }

  /** There was no room for a batch: nothing that came after it may be sent before it. */
  get hasTurnedAway(): boolean {
    return this.#turnedAway;
  }

  /** True while more batches should wait. */
  get isFull(): boolean {
    return this.#pendingBytes >= PENDING_BYTES || this.#pending.length >= PENDING_BATCHES;
  }

  /** Everything that was to be parked is. */
  get isIdle(): boolean {
    return this.#writing === null;
  }

  async idle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { store, onParked, onFailure, onChange } = this.#options;
    // Batches of one turn go together.
    await Promise.resolve();
    try {
      while (this.#pending.length > 0) {
        const batches = this.#next();
        await store(batches.map((batch) => parkedBatch(this.#options, batch)));
        for (const batch of batches) {
          const { parcel, indexes, ticket, release } = batch;
          const { body } = parcel.whole;
          ticket.settle(indexes);
          onParked(batch);
          this.#pendingBytes -= body.length;
          release();
        }
        if (this.#pending.length === 0) this.#writing = null;
        onChange();
      }
    } catch (error) {
      onFailure(error);
    } finally {
      this.#writing = null;
    }
  }

  #next(): ClosedBatch[] {
    let bytes = 0;
    let count = 0;
    for (const { parcel } of this.#pending) {
      if (count >= WRITE_BATCHES || (count > 0 && bytes >= WRITE_BYTES)) break;
      bytes += parcel.whole.body.length;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }
}

function parkedBatch(
  { endpoint, numbering }: ParkingOptions,
  { parcel: closed, indexes, lanes }: ClosedBatch,
): ParkedBatch {
  const parcel = closed.only(indexes);
  const { id, contentType, headers, body } = parcel.whole;
  const { events } = parcel;
  return {
    endpoint,
    batchId: id,
    lanes: { numbering, lanes, relations: relationsOf(parcel) },
    contentType,
    headers,
    body,
    events: parcel.indexes.map((index): ParkedEvent => ({
      position: events.positionAt(index),
      start: events.startAt(index),
      end: events.endAt(index),
      schema: events.schemaAt(index),
      table: events.tableAt(index),
      operation: events.operationAt(index),
    })),
  };
}

function relationsOf({ events, indexes }: Parcel): RelationMark[] {
  const marks = new Set<RelationMark>();
  for (const index of indexes) {
    const mark = events.framedAt(index)?.relation?.mark;
    if (mark !== undefined) marks.add(mark);
  }
  return [...marks];
}
