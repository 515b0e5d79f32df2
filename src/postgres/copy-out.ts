import type { Connection as ProtocolConnection, Submittable } from 'pg';
import { databaseError } from './failure.ts';
import { Slabs } from './slabs.ts';

const COPY_DATA = 0x64; // 'd'
/** What may stand between copy data: the answer's start, notices, parameters, notifications. */
const PASSED_OVER = new Set([COPY_DATA, 0x48, 0x4e, 0x53, 0x41]);
const FRAME_HEADER_BYTES = 5;

/** Bytes that wait for the consumer before the socket is paused. */
const HIGH_WATER_BYTES = 1 << 20;

type Socket = ProtocolConnection['stream'];

/**
 * A COPY … TO STDOUT whose frames are handed on as the socket brings them, neither cut nor copied.
 * While it runs, the driver's own parser does not see the socket: a frame object and a buffer for
 * each row would cost as much as everything else that reading a row takes. The first frame that is
 * not copy data is the driver's again.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
export class CopyOut implements Submittable {
  rowCount = 0;
  readonly #text: string;
  readonly #chunks: Uint8Array[] = [];
  readonly #slabs: Slabs;
  #waitingBytes = 0;
  #socket: Socket | null = null;
  #driver: ((bytes: Uint8Array) => void) | null = null;
  #headerBytes = 0;
  #frameLength = 0;
  /** Bytes of the current frame that are still to come. */
  #remaining = 0;
  #end: { readonly error: unknown } | null = null;
  #wake: () => void = () => undefined;

  /** `slabs` may serve one copy after the other. */
  constructor(text: string, slabs = new Slabs()) {
    this.#text = text;
    this.#slabs = slabs;
  }

  /**
   * Whole frames from the first on, cut anywhere. `release` each chunk once nothing reads it any more:
   * its memory is used again. Throws WalhookError.
   */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift() ?? this.#slabs.takeFilled();
      if (chunk !== undefined) {
        this.#waitingBytes -= chunk.length;
        if (this.#waitingBytes < HIGH_WATER_BYTES) this.#socket?.resume();
        yield chunk;
      } else if (this.#end === null) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      } else if (this.#end.error === null) {
        return;
      } else {
        throw databaseError(this.#end.error);
      }
    }
  }

  release(chunk: Uint8Array): void {
    this.#slabs.release(chunk);
  }

  // The driver calls what follows.

  submit(connection: ProtocolConnection): void {
    const socket = connection.stream;
    const [driver] = socket.listeners('data');
    this.#driver = driver as (bytes: Uint8Array) => void;
    this.#socket = socket;
    socket.removeListener('data', this.#driver);
    socket.on('data', this.#onData);
    connection.query(this.#text);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    this.rowCount = Number(/^COPY (\d+)/.exec(message.text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#finish(null);
  }

  handleError(error: unknown): void {
    this.#giveBack();
    this.#finish(error);
  }

  readonly #onData = (bytes: Uint8Array): void => {
    const end = this.#endOfCopyData(bytes);
    if (end > 0) {
      // The socket's own buffers, kept for a while, would pile up until a full garbage collection.
      this.#slabs.fill(bytes, end, this.#chunks);
      this.#waitingBytes += end;
      if (this.#waitingBytes >= HIGH_WATER_BYTES) this.#socket?.pause();
      this.#wake();
    }
    if (end === bytes.length) return;
    const driver = this.#driver!;
    this.#giveBack();
    driver(bytes.subarray(end));
  };

  /** Follows the frames by their lengths; where the first one begins that is the driver's. */
  #endOfCopyData(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#remaining > 0) {
        const step = Math.min(this.#remaining, bytes.length - at);
        this.#remaining -= step;
        at += step;
        continue;
      }
      const byte = bytes[at]!;
      if (this.#headerBytes === 0 && !PASSED_OVER.has(byte)) return at;
      if (this.#headerBytes > 0) this.#frameLength = ((this.#frameLength << 8) | byte) >>> 0;
      at += 1;
      this.#headerBytes += 1;
      if (this.#headerBytes < FRAME_HEADER_BYTES) continue;
      // The length counts itself.
      this.#remaining = this.#frameLength - 4;
      this.#headerBytes = 0;
      this.#frameLength = 0;
    }
    return at;
  }

  #giveBack(): void {
    if (this.#driver === null || this.#socket === null) return;
    this.#socket.removeListener('data', this.#onData);
    this.#socket.on('data', this.#driver);
    this.#socket.resume();
    this.#driver = null;
  }

  #finish(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }
}
