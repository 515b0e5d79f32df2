import type { ChangeEvent } from '../changes/change-event.ts';
import { positionOf } from '../changes/change-event.ts';
import { eventId, type Position } from '../changes/position.ts';
import type { RelationView } from '../changes/relation-view.ts';
import { keyInText } from '../routing/key-in-text.ts';
import type { Parcel } from './parcel.ts';
import type { Refusal } from './parcel-delivery.ts';
import type { Answer } from './sink.ts';

/** An event that its endpoint does not get, kept for a person to look at. */
export type DeadLetter = {
  readonly endpoint: string;
  readonly position: Position;
  readonly eventId: string;
  readonly schema: string | null;
  readonly table: string | null;
  readonly operation: string;
  /** The row's key as JSON, as the endpoint was to see it; null where none is known. */
  readonly key?: string | null;
  /** The event as it was sent, or null where it was too large to be read. */
  readonly body: string | null;
  readonly contentType: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** A stable word, like `event_too_large` or `rejected`, and what was seen. */
  readonly reason: string;
  readonly detail: string;
  /** Tries so far; 0 where it was never sent. */
  readonly attempts: number;
  /** null: none came, or none was asked for. */
  readonly answer: Answer | null;
};

export function refusedEvent(
  endpoint: string,
  parcel: Parcel,
  index: number,
  { reason, detail, answer, attempts }: Refusal,
): DeadLetter {
  const { events, whole } = parcel;
  const text = parcel.aloneAt(index);
  const relation = events.framedAt(index)?.relation ?? null;
  return {
    endpoint,
    position: events.positionAt(index),
    eventId: parcel.idAt(index),
    schema: events.schemaAt(index),
    table: events.tableAt(index),
    operation: events.operationAt(index),
    key: keyInText(text, whole.headers, relation === null ? null : keyNames(relation)),
    body: new TextDecoder().decode(text),
    contentType: whole.contentType,
    headers: whole.headers,
    reason,
    detail,
    attempts,
    answer,
  };
}

/** For an event that never was in a body. */
export function unsentEvent(
  endpoint: string,
  event: ChangeEvent,
  why: { readonly reason: string; readonly detail: string },
  kept: { readonly body: string; readonly contentType: string } | null,
  /** Its text, where it has one, kept or not. */
  text: Uint8Array | null = null,
): DeadLetter {
  const position = positionOf(event);
  const relation = event.op === 'message' ? null : event.relation;
  return {
    endpoint,
    position,
    eventId: eventId(position),
    schema: relation?.schema ?? null,
    table: relation?.table ?? null,
    operation: event.op === 'oversized' ? event.originalOp : event.op,
    key: text === null ? null : keyInText(text, {}, relation === null ? null : keyNames(relation)),
    body: kept?.body ?? null,
    contentType: kept?.contentType ?? null,
    headers: {},
    ...why,
    attempts: 0,
    answer: null,
  };
}

function keyNames({ columns, keyColumns }: RelationView): string[] {
  return keyColumns.map((column) => columns[column]!.name);
}
