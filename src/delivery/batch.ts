import type { ChangeEvent, Transaction } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import { eventId } from '../changes/position.ts';
import type { EventText } from './event-text.ts';
import type { Delivery, Framing } from './sink.ts';

export type BatchBounds = { readonly maxBytes: number; readonly maxEventBytes: number };

/** `full`: there is no room left in this batch. */
export type Appended =
  | { readonly kind: 'appended' }
  | { readonly kind: 'full' }
  | { readonly kind: 'event-too-large'; readonly bytes: number };

const APPENDED: Appended = { kind: 'appended' };
const FULL: Appended = { kind: 'full' };

/** An event's id has one length, so a head can be written once the last event is known. */
const PLACEHOLDER_ID = '0'.repeat(25);

function batchId(firstId: string, lastId: string): string {
  return `${firstId}_${lastId}`;
}

/**
 * Events on their way to one endpoint as one request. The body is written as they come; which events
 * they are is kept as places, not as events, so that a batch holds on to no row.
 */
export class Batch {
  readonly body: JsonWriter;
  readonly transactions: Transaction[] = [];
  readonly seqs: number[] = [];
  readonly #framing: Framing;

  constructor(body: JsonWriter, framing: Framing) {
    this.body = body;
    this.#framing = framing;
    const head = framing.head(batchId(PLACEHOLDER_ID, PLACEHOLDER_ID));
    body.clear();
    body.put(head);
  }

  get eventCount(): number {
    return this.seqs.length;
  }

  /**
   * Appends the event, unless the body would grow beyond `maxBytes`, or the event alone is over
   * `maxEventBytes`: then the batch is as before. The first event of a batch may exceed `maxBytes`.
   */
  append(event: ChangeEvent, text: EventText, bounds: BatchBounds): Appended {
    const { separator, tail } = this.#framing;
    const { body } = this;
    const mark = body.length;
    if (this.seqs.length > 0) body.put(separator);
    const start = body.length;
    text.writeTo(body);
    const eventBytes = body.length - start;
    if (eventBytes > bounds.maxEventBytes) return this.#takeBack(mark, text, eventBytes);
    if (this.seqs.length > 0 && body.length + tail.length > bounds.maxBytes) {
      return this.#takeBack(mark, text, null);
    }
    this.transactions.push(event.transaction);
    this.seqs.push(event.seq);
    return APPENDED;
  }

  /** Completes the body. `single`: the id is the event's own. */
  close(contentType: string, single: boolean): Delivery {
    const { tail, head } = this.#framing;
    this.body.put(tail);
    const first = this.#idAt(0);
    const id = single ? first : batchId(first, this.#idAt(this.seqs.length - 1));
    this.body.bytes.set(head(id), 0);
    return { id, contentType, body: this.body.written(), eventCount: this.seqs.length };
  }

  #takeBack(mark: number, text: EventText, overBound: number | null): Appended {
    text.takenBack(this.body);
    this.body.length = mark;
    return overBound === null ? FULL : { kind: 'event-too-large', bytes: overBound };
  }

  #idAt(index: number): string {
    const { commitLsn } = this.transactions[index]!;
    return eventId({ commitLsn, seq: this.seqs[index]! });
  }
}
