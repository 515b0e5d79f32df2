import type { ChangeEvent, Transaction } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import { eventId } from '../changes/position.ts';
import type { Delivery, Framing } from './sink.ts';

/** An event's id has one length, so a head can be written once the last event is known. */
const PLACEHOLDER_ID = '0'.repeat(25);

export function batchId(firstId: string, lastId: string): string {
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

  /** Whether the body stays within `maxBytes` with `bytes` more. The first event always fits. */
  fits(bytes: number, maxBytes: number): boolean {
    if (this.seqs.length === 0) return true;
    const { separator, tail } = this.#framing;
    return this.body.length + separator.length + bytes + tail.length <= maxBytes;
  }

  append(event: ChangeEvent, encoded: JsonWriter): void {
    const { separator } = this.#framing;
    if (this.seqs.length > 0) this.body.put(separator);
    this.body.copy(encoded.bytes, 0, encoded.length);
    this.transactions.push(event.transaction);
    this.seqs.push(event.seq);
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

  #idAt(index: number): string {
    const { commitLsn } = this.transactions[index]!;
    return eventId({ commitLsn, seq: this.seqs[index]! });
  }
}
