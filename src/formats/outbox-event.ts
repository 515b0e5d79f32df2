import type { JsonWriter } from '../changes/json-writer.ts';
import type { WritableEvent } from './event-format.ts';

export type OutboxField = 'id' | 'type' | 'key' | 'payload' | 'headers' | 'occurredAt';

/** An event in the application's own words, which it wrote into a table or a logical message. */
export interface OutboxEvent {
  /** The field as JSON, copied where it is JSON already; null where the event has none. */
  write(field: OutboxField, out: JsonWriter): void;
  /** The field as text, a string without its quotes; null where the event has none. */
  text(field: OutboxField): string | null;
}

/** null for an event that is no outbox's. */
export type OutboxReader = (event: WritableEvent) => OutboxEvent | null;
