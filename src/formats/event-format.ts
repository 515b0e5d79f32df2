import type { ChangeEvent } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';

/** Writes change events as JSON text, straight from their rows' bytes. */
export interface EventFormat {
  readonly contentType: string;
  write(event: Exclude<ChangeEvent, { op: 'oversized' }>, out: JsonWriter): void;
}
