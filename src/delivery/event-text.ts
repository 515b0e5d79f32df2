import type { ChangeEvent, OversizedChange } from '../changes/change-event.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import type { EventFormat } from '../formats/event-format.ts';

type SendableEvent = Exclude<ChangeEvent, OversizedChange>;

/**
 * An event's text in one format, written at most once: straight into the first body that wants it,
 * and copied from there into the others.
 */
export class EventText {
  readonly #format: EventFormat;
  #event: SendableEvent | null = null;
  #bytes: Uint8Array | null = null;
  #start = 0;
  #end = 0;

  constructor(format: EventFormat) {
    this.#format = format;
  }

  /** From now on the text is this event's. */
  of(event: SendableEvent): this {
    this.#event = event;
    this.#bytes = null;
    return this;
  }

  writeTo(out: JsonWriter): void {
    if (this.#bytes !== null) return out.copy(this.#bytes, this.#start, this.#end);
    this.#start = out.length;
    this.#format.write(this.#event!, out);
    this.#end = out.length;
    this.#bytes = out.bytes;
  }

  /** The body it was written into takes it back, and will overwrite it. */
  takenBack(out: JsonWriter): void {
    if (this.#bytes === out.bytes) this.#bytes = null;
  }
}
