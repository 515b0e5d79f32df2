import type { Transaction } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import { eventId, type Position } from '../changes/position.ts';
import type { RelationView } from '../changes/relation-view.ts';
import type { WritableEvent } from '../formats/event-format.ts';
import type { EventText } from './event-text.ts';
import type { FramedEvent, Framing } from '../formats/framing.ts';
import { batchId, Parcel, type ParcelEvents, PLACEHOLDER_ID } from './parcel.ts';
import type { Operation } from './tally.ts';

export type BatchBounds = { readonly maxBytes: number; readonly maxEventBytes: number };

/** `full`: there is no room left in this batch. */
export type Appended =
  | { readonly kind: 'appended' }
  | { readonly kind: 'full' }
  | { readonly kind: 'event-too-large'; readonly bytes: number };

const APPENDED: Appended = { kind: 'appended' };
const FULL: Appended = { kind: 'full' };
const NO_HEADERS: Readonly<Record<string, string>> = {};

/**
 * Events on their way to one endpoint as one request. The body is written as they come; which events
 * they are is kept as places, not as events, so that a batch holds on to no row.
 */
export class Batch implements ParcelEvents {
  readonly body: JsonWriter;
  readonly transactions: Transaction[] = [];
  readonly seqs: number[] = [];
  readonly #relations: (RelationView | null)[] = [];
  readonly #operations: Operation[] = [];
  /** Empty where the separator tells. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #framing: Framing;
  readonly #headBytes: number;

  constructor(body: JsonWriter, framing: Framing) {
    this.body = body;
    this.#framing = framing;
    const head = framing.head(batchId(PLACEHOLDER_ID, PLACEHOLDER_ID));
    body.clear();
    body.put(head);
    this.#headBytes = head.length;
  }

  get eventCount(): number {
    return this.seqs.length;
  }

  /**
   * Appends the event, unless the body would grow beyond `maxBytes`, or the event alone is over
   * `maxEventBytes`: then the batch is as before. The first event of a batch may exceed `maxBytes`.
   */
  append(event: WritableEvent, text: EventText, bounds: BatchBounds): Appended {
    const { body, eventCount } = this;
    const { separator, tail, between } = this.#framing;
    const mark = body.length;
    if (between !== undefined) body.put(between(this.framedAt(eventCount - 1), framed(event)));
    else if (eventCount > 0) body.put(separator);
    const start = body.length;
    text.writeTo(body);
    const end = body.length;
    if (end - start > bounds.maxEventBytes) return this.#takeBack(mark, text, end - start);
    const closing = tail.length + (between?.(framed(event), null).length ?? 0);
    if (eventCount > 0 && end + closing > bounds.maxBytes) return this.#takeBack(mark, text, null);
    this.transactions.push(event.transaction);
    this.seqs.push(event.seq);
    this.#relations.push(event.op === 'message' ? null : event.relation);
    this.#operations.push(event.op);
    if (between !== undefined) this.#starts.push(start);
    this.#ends.push(end);
    return APPENDED;
  }

  /** Moves the events from that place on into another batch, which is still empty. */
  moveTo(other: Batch, from: number): void {
    const { separator, between } = this.#framing;
    for (let index = from; index < this.eventCount; index++) {
      const previous = other.framedAt(other.eventCount - 1);
      if (between !== undefined) other.body.put(between(previous, this.framedAt(index)));
      else if (other.eventCount > 0) other.body.put(separator);
      const start = other.body.length;
      other.body.copy(this.body.bytes, this.startAt(index), this.endAt(index));
      other.#noteEvent(index, this, start);
    }
    this.body.length = from === 0 ? this.#headBytes : this.endAt(from - 1);
    for (const column of this.#columns()) column.splice(from);
  }

  /** Completes the body. `single`: the id is the event's own. */
  close(contentType: string, single: boolean, headers = NO_HEADERS): Parcel {
    const { tail, head, between } = this.#framing;
    const last = this.eventCount - 1;
    if (between !== undefined) this.body.put(between(this.framedAt(last), null));
    this.body.put(tail);
    const first = this.#idAt(0);
    const id = single ? first : batchId(first, this.#idAt(last));
    this.body.bytes.set(head(id), 0);
    const body = this.body.written();
    const whole = { id, contentType, body, eventCount: this.eventCount, headers };
    return new Parcel(whole, this, this.#framing);
  }

  positionAt(index: number): Position {
    return { commitLsn: this.transactions[index]!.commitLsn, seq: this.seqs[index]! };
  }

  startAt(index: number): number {
    if (this.#framing.between !== undefined) return this.#starts[index]!;
    return index === 0 ? this.#headBytes : this.#ends[index - 1]! + this.#framing.separator.length;
  }

  endAt(index: number): number {
    return this.#ends[index]!;
  }

  schemaAt(index: number): string | null {
    return this.#relations[index]?.schema ?? null;
  }

  tableAt(index: number): string | null {
    return this.#relations[index]?.table ?? null;
  }

  operationAt(index: number): Operation {
    return this.#operations[index]!;
  }

  framedAt(index: number): FramedEvent | null {
    const transaction = this.transactions[index];
    return transaction === undefined ? null : { transaction, relation: this.#relations[index]! };
  }

  #noteEvent(index: number, from: Batch, start: number): void {
    this.transactions.push(from.transactions[index]!);
    this.seqs.push(from.seqs[index]!);
    this.#relations.push(from.#relations[index]!);
    this.#operations.push(from.#operations[index]!);
    if (this.#framing.between !== undefined) this.#starts.push(start);
    this.#ends.push(this.body.length);
  }

  #columns(): unknown[][] {
    const { transactions, seqs } = this;
    return [transactions, seqs, this.#relations, this.#operations, this.#starts, this.#ends];
  }

  #takeBack(mark: number, text: EventText, overBound: number | null): Appended {
    text.takenBack(this.body);
    this.body.length = mark;
    return overBound === null ? FULL : { kind: 'event-too-large', bytes: overBound };
  }

  #idAt(index: number): string {
    return eventId(this.positionAt(index));
  }
}

function framed(event: WritableEvent): FramedEvent {
  return {
    transaction: event.transaction,
    relation: event.op === 'message' ? null : event.relation,
  };
}
