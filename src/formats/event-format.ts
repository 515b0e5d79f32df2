import type { ChangeEvent } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';

/** A change that has a text: all but what was too large to be read. */
export type WritableEvent = Exclude<ChangeEvent, { op: 'oversized' }>;

/** Writes change events as JSON text, straight from their rows' bytes. */
export interface EventFormat {
  /** Of the whole body. */
  readonly contentType: string;
  /** One JSON value, or, where a format makes two events of one, both with a comma between. */
  write(event: WritableEvent, out: JsonWriter): void;
  /**
   * True for an event that has no meaning in this format: it counts as filtered, and is never
   * written. Absent: there is none.
   */
  readonly skips?: (event: WritableEvent) => boolean;
  /**
   * For a format that has no text for a logical message: something that changes nothing where it is
   * taken, for an endpoint to be tested with.
   */
  readonly writeTest?: (id: string, nowMs: number, out: JsonWriter) => void;
  /**
   * What goes beside a body that is one event alone: HTTP headers, in lower case. Asked for only
   * where a body holds one event.
   */
  readonly headers?: (event: WritableEvent) => Readonly<Record<string, string>>;
}
