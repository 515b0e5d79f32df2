import { JsonWriter } from '../changes/json-writer.ts';

/** A body that grew beyond this is not kept: one large row must not hold memory for good. */
const KEEP_BYTES = 4 << 20;

/** Buffers of delivered batches, used again: fresh pages for every body would cost as much as writing it. */
export class BodyPool {
  readonly #free: JsonWriter[] = [];
  readonly #maxFree: number;

  constructor(maxFree: number) {
    this.#maxFree = maxFree;
  }

  take(): JsonWriter {
    return this.#free.pop() ?? new JsonWriter(1024);
  }

  /** Only once nothing can read the bytes any more. */
  give(body: JsonWriter): void {
    if (this.#free.length < this.#maxFree && body.bytes.length <= KEEP_BYTES) this.#free.push(body);
  }
}
