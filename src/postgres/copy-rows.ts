import type { MessageRows } from '../drain/window.ts';
import { WalhookError } from '../errors/walhook-error.ts';

/** Signature, flags, and the length of a header extension. */
const HEADER_BYTES = 19;
const EXTENSION_LENGTH_AT = 15;
const END_OF_DATA = -1;
const NULL_FIELD = -1;
/** Field count, and the length and bytes of the LSN: where the message's length stands. */
const MESSAGE_LENGTH_AT = 2 + 4 + 8;
const EMPTY = new Uint8Array(0);

/**
 * The rows of `copy (select lsn, data, size) to stdout (format binary)`, from chunks as the network
 * cuts them. Rows are views into the chunk; only a row that spans chunks is copied.
 * @see https://www.postgresql.org/docs/current/sql-copy.html (Binary Format)
 */
export class CopyRows implements MessageRows {
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  lsnHigh = 0;
  lsnLow = 0;
  cutFromBytes = 0;
  #at = 0;
  #headerRead = false;
  #ended = false;
  /** Chunks that do not yet make a whole row. */
  #partial: Uint8Array[] = [];
  #partialBytes = 0;
  #neededBytes = HEADER_BYTES;

  /** Adds a chunk; call `next` until it says no before adding another. */
  push(chunk: Uint8Array): void {
    this.#partial.push(chunk);
    this.#partialBytes += chunk.length;
    if (this.#partialBytes < this.#neededBytes) return;
    this.bytes =
      this.#partial.length === 1 ? chunk : concatenate(this.#partial, this.#partialBytes);
    this.#partial = [];
    this.#partialBytes = 0;
    this.#at = 0;
  }

  next(): boolean {
    if (this.#ended || this.#partial.length > 0) return false;
    if (!this.#headerRead && !this.#readHeader()) return false;
    const { bytes } = this;
    const at = this.#at;
    const available = bytes.length - at;
    if (available < 2) return this.#wait(2);
    if (int16(bytes, at) === END_OF_DATA) {
      this.#ended = true;
      return false;
    }
    if (available < MESSAGE_LENGTH_AT + 4) return this.#wait(MESSAGE_LENGTH_AT + 4);
    const start = at + MESSAGE_LENGTH_AT + 4;
    const end = start + int32(bytes, at + MESSAGE_LENGTH_AT);
    if (end + 4 > bytes.length) return this.#wait(end + 4 - at);
    const size = int32(bytes, end);
    if (size !== NULL_FIELD && end + 8 > bytes.length) return this.#wait(end + 8 - at);
    this.lsnHigh = int32(bytes, at + 6) >>> 0;
    this.lsnLow = int32(bytes, at + 10) >>> 0;
    this.start = start;
    this.end = end;
    this.cutFromBytes = size === NULL_FIELD ? 0 : int32(bytes, end + 4);
    this.#at = size === NULL_FIELD ? end + 4 : end + 8;
    return true;
  }

  /** Throws where the stream ended before its trailer: what came may not be all. */
  assertComplete(): void {
    if (!this.#ended) {
      throw new WalhookError(
        'database_connection_lost',
        'the stream of changes ended in the middle',
      );
    }
  }

  #readHeader(): boolean {
    if (this.bytes.length < HEADER_BYTES) return this.#wait(HEADER_BYTES);
    const end = HEADER_BYTES + int32(this.bytes, EXTENSION_LENGTH_AT);
    if (this.bytes.length < end) return this.#wait(end);
    this.#headerRead = true;
    this.#at = end;
    return true;
  }

  #wait(neededBytes: number): false {
    const rest = this.bytes.subarray(this.#at);
    this.bytes = EMPTY;
    this.#at = 0;
    this.#partial = rest.length === 0 ? [] : [rest];
    this.#partialBytes = rest.length;
    this.#neededBytes = neededBytes;
    return false;
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

function int16(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16)) >> 16;
}

function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
