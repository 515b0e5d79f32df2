import type { MessageRows } from '../drain/window.ts';
import { WalhookError } from '../errors/walhook-error.ts';

const COPY_DATA = 0x64; // 'd'
/** A frame's type and length. */
const FRAME_HEADER_BYTES = 5;
/** Of the COPY stream: signature, flags, and the length of an extension. */
const HEADER_BYTES = 19;
const EXTENSION_LENGTH_AT = 15;
const END_OF_DATA = -1;
const NULL_FIELD = -1;
/** Field count, and the length and bytes of the LSN: where the message's length stands. */
const MESSAGE_LENGTH_AT = 2 + 4 + 8;
const EMPTY = new Uint8Array(0);

/**
 * The rows of `copy (select lsn, data, size) to stdout (format binary)`, from protocol frames in
 * chunks as the network cuts them. The server sends a row a frame; the stream's header stands before
 * the first, in the same frame. Rows are views into the chunk; only a row that spans chunks is copied.
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
  /** Chunks that do not yet make a whole frame. */
  #partial: Uint8Array[] = [];
  #partialBytes = 0;
  /** Of the frame that they begin; its header's length while that is not complete. */
  #neededBytes = 0;
  /** What is read after the frame that spans chunks. */
  #next: Uint8Array | null = null;
  #nextAt = 0;

  /** Adds a chunk; call `next` until it says no before adding another, or releasing this one. */
  push(chunk: Uint8Array): void {
    if (this.#partialBytes === 0) {
      this.bytes = chunk;
      this.#at = 0;
      return;
    }
    const length = this.#partialBytes + chunk.length;
    if (this.#neededBytes === FRAME_HEADER_BYTES && length >= FRAME_HEADER_BYTES) {
      this.#neededBytes = 1 + int32(this.#joinedWith(chunk, FRAME_HEADER_BYTES), 1);
    }
    if (length < this.#neededBytes) {
      this.#partial.push(chunk.slice());
      this.#partialBytes = length;
      return;
    }
    // Only the frame that spans chunks is copied; the rest of the chunk is read where it is.
    this.#next = chunk;
    this.#nextAt = this.#neededBytes - this.#partialBytes;
    this.bytes = this.#joinedWith(chunk, this.#neededBytes);
    this.#at = 0;
    this.#partial = [];
    this.#partialBytes = 0;
  }

  next(): boolean {
    if (this.#partialBytes > 0) return false;
    for (;;) {
      const { bytes } = this;
      const at = this.#at;
      if (at === bytes.length && this.#next !== null) {
        this.bytes = this.#next;
        this.#at = this.#nextAt;
        this.#next = null;
        continue;
      }
      if (bytes.length - at < FRAME_HEADER_BYTES) return this.#wait(FRAME_HEADER_BYTES);
      const frameEnd = at + 1 + int32(bytes, at + 1);
      if (frameEnd > bytes.length) return this.#wait(frameEnd - at);
      this.#at = frameEnd;
      if (bytes[at] !== COPY_DATA) continue;
      let row = at + FRAME_HEADER_BYTES;
      if (!this.#headerRead) {
        row += HEADER_BYTES + int32(bytes, row + EXTENSION_LENGTH_AT);
        this.#headerRead = true;
      }
      if (row < frameEnd && this.#readRow(bytes, row, frameEnd)) return true;
    }
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

  /** False for the trailer. */
  #readRow(bytes: Uint8Array, at: number, frameEnd: number): boolean {
    if (int16(bytes, at) === END_OF_DATA) {
      this.#ended = true;
      return false;
    }
    const start = at + MESSAGE_LENGTH_AT + 4;
    const end = start + int32(bytes, at + MESSAGE_LENGTH_AT);
    const size = int32(bytes, end);
    if (end + (size === NULL_FIELD ? 4 : 8) !== frameEnd) {
      throw new WalhookError('decode_failed', 'a row of the stream of changes has another shape');
    }
    this.lsnHigh = int32(bytes, at + 6) >>> 0;
    this.lsnLow = int32(bytes, at + 10) >>> 0;
    this.start = start;
    this.end = end;
    this.cutFromBytes = size === NULL_FIELD ? 0 : int32(bytes, end + 4);
    return true;
  }

  /** The partial chunks and what follows them in `chunk`, `length` bytes in all. */
  #joinedWith(chunk: Uint8Array, length: number): Uint8Array {
    const joined = new Uint8Array(length);
    let at = 0;
    for (const part of this.#partial) {
      joined.set(part, at);
      at += part.length;
    }
    joined.set(chunk.subarray(0, length - at), at);
    return joined;
  }

  #wait(neededBytes: number): false {
    // A copy: the chunk's memory is used again as soon as it has been read.
    const rest = this.bytes.slice(this.#at);
    this.bytes = EMPTY;
    this.#at = 0;
    this.#partial = rest.length === 0 ? [] : [rest];
    this.#partialBytes = rest.length;
    this.#neededBytes = neededBytes;
    return false;
  }
}

function int16(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16)) >> 16;
}

function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
