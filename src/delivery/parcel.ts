import { eventId, type Position } from '../changes/position.ts';
import type { FramedEvent, Framing } from '../formats/framing.ts';
import type { Delivery } from './sink.ts';
import type { Operation } from './tally.ts';

/** The events of one body, by their place in it. */
export interface ParcelEvents {
  readonly eventCount: number;
  positionAt(index: number): Position;
  /** Where the event's text stands in the body: [start, end). */
  startAt(index: number): number;
  endAt(index: number): number;
  schemaAt(index: number): string | null;
  tableAt(index: number): string | null;
  operationAt(index: number): Operation;
  /** null where no more is known than what the body holds. */
  framedAt(index: number): FramedEvent | null;
}

/** An event's id has one length, so a head can be written once the last event is known. */
export const PLACEHOLDER_ID = '0'.repeat(25);

export function batchId(firstId: string, lastId: string): string {
  return `${firstId}_${lastId}`;
}

/** A closed batch: sent as a whole, or, where that is refused, in parts. */
export class Parcel {
  readonly whole: Delivery;
  readonly events: ParcelEvents;
  readonly #framing: Framing;

  constructor(whole: Delivery, events: ParcelEvents, framing: Framing) {
    this.whole = whole;
    this.events = events;
    this.#framing = framing;
  }

  /** Some of its events, in order, as a delivery of their own: other bytes under another id. */
  part(indexes: readonly number[]): Delivery {
    if (indexes.length === this.events.eventCount) return this.whole;
    return this.#assemble(indexes).delivery;
  }

  /** The same as a parcel. */
  only(indexes: readonly number[]): Parcel {
    if (indexes.length === this.events.eventCount) return this;
    const { delivery, starts } = this.#assemble(indexes);
    return new Parcel(delivery, picked(this.events, indexes, starts), this.#framing);
  }

  #assemble(indexes: readonly number[]): { delivery: Delivery; starts: readonly number[] } {
    const { head, tail } = this.#framing;
    const id = batchId(this.idAt(indexes[0]!), this.idAt(indexes.at(-1)!));
    const pieces = [head(id)];
    const starts: number[] = [];
    let length = pieces[0]!.length;
    let before: number | null = null;
    for (const index of indexes) {
      const gap = this.#gap(before, index);
      const text = this.textAt(index);
      pieces.push(gap, text);
      starts.push(length + gap.length);
      length += gap.length + text.length;
      before = index;
    }
    pieces.push(this.#gap(before, null), tail);
    const body = concatenate(pieces);
    return { delivery: { ...this.whole, id, body, eventCount: indexes.length }, starts };
  }

  /** The places of all its events. */
  get indexes(): number[] {
    return Array.from({ length: this.events.eventCount }, (_, index) => index);
  }

  idAt(index: number): string {
    return eventId(this.events.positionAt(index));
  }

  /** The event's own text: a view. */
  textAt(index: number): Uint8Array {
    return this.whole.body.subarray(this.events.startAt(index), this.events.endAt(index));
  }

  /** With what stands around it where it is alone in a body: all of that but head and tail. */
  aloneAt(index: number): Uint8Array {
    return concatenate([this.#gap(null, index), this.textAt(index), this.#gap(index, null)]);
  }

  #gap(before: number | null, next: number | null): Uint8Array {
    const { between, separator } = this.#framing;
    const known = this.events.framedAt(before ?? next!) !== null;
    if (between === undefined || !known) {
      return before === null || next === null ? NOTHING : separator;
    }
    const framed = (index: number | null): FramedEvent | null =>
      index === null ? null : this.events.framedAt(index);
    return between(framed(before), framed(next));
  }
}

function picked(
  events: ParcelEvents,
  indexes: readonly number[],
  starts: readonly number[],
): ParcelEvents {
  const place = (index: number): number => indexes[index]!;
  const textLength = (index: number): number =>
    events.endAt(place(index)) - events.startAt(place(index));
  return {
    eventCount: indexes.length,
    positionAt: (index) => events.positionAt(place(index)),
    startAt: (index) => starts[index]!,
    endAt: (index) => starts[index]! + textLength(index),
    schemaAt: (index) => events.schemaAt(place(index)),
    tableAt: (index) => events.tableAt(place(index)),
    operationAt: (index) => events.operationAt(place(index)),
    framedAt: (index) => events.framedAt(place(index)),
  };
}

const NOTHING = new Uint8Array(0);

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const body = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}
