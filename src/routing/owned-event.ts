import type { RowChange } from '../changes/change-event.ts';
import type { WritableEvent } from '../formats/event-format.ts';
import { Tuple } from '../pgoutput/tuple.ts';

/** A value's kind and length stand before it. */
const VALUE_HEAD_BYTES = 5;

/** The event on bytes of its own: those it was read from are used again once it has been offered. */
export function ownedEvent<E extends WritableEvent>(event: E): E;
export function ownedEvent(event: WritableEvent): WritableEvent {
  switch (event.op) {
    case 'truncate':
      return event;
    case 'message':
      return { ...event, content: new Uint8Array(event.content) };
    default:
      return ownedChange(event);
  }
}

/** Bytes that an owned event keeps in memory. */
export function bytesOf(event: WritableEvent): number {
  if (event.op === 'truncate') return 0;
  if (event.op === 'message') return event.content.length;
  return (event.old?.tuple.bytes.length ?? 0) + (event.new?.bytes.length ?? 0);
}

function ownedChange(change: RowChange): RowChange {
  const { old, new: current } = change;
  return {
    ...change,
    old: old === null ? null : { kind: old.kind, tuple: ownedTuple(old.tuple) },
    new: current === null ? null : ownedTuple(current),
  };
}

function ownedTuple({ bytes, bounds }: Tuple): Tuple {
  const ends = bounds.filter((bound) => bound >= 0);
  if (ends.length === 0) return new Tuple(new Uint8Array(0), bounds);
  const start = Math.max(0, ends[0]! - VALUE_HEAD_BYTES);
  // A constructor, not slice: a Buffer's slice would share the bytes.
  const copy = new Uint8Array(bytes.subarray(start, ends.at(-1)));
  return new Tuple(
    copy,
    bounds.map((bound) => (bound < 0 ? bound : bound - start)),
  );
}
