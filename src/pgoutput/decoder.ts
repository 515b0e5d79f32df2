import { Cursor } from './cursor.ts';
import type { Message } from './messages.ts';
import {
  readBeginPrepare,
  readCommitPrepared,
  readPrepare,
  readRollbackPrepared,
  readStreamPrepare,
} from './prepared-messages.ts';
import { readRelation, readTypeName } from './relation-messages.ts';
import { readDelete, readInsert, readTruncate, readUpdate } from './row-messages.ts';
import { readStreamAbort, readStreamCommit, readStreamStart } from './stream-messages.ts';
import { readBegin, readCommit, readLogicalMessage, readOrigin } from './transaction-messages.ts';

export type ProtocolVersion = 1 | 2 | 3 | 4;

const STREAM_START = 0x53; // 'S'
const STREAM_STOP = 0x45; // 'E'

/**
 * Turns pgoutput's bytes into messages, one at a time and in the order in which the server sent
 * them: between a stream start and its stream stop, row messages carry a transaction id that they
 * lack elsewhere, and only the order says which it is.
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export class PgoutputDecoder {
  readonly #protocolVersion: ProtocolVersion;
  readonly #cursor = new Cursor();
  #inStream = false;

  /** `protocolVersion` is the `proto_version` that the server was asked for; 4 if not given. */
  constructor(options: { readonly protocolVersion?: ProtocolVersion } = {}) {
    this.#protocolVersion = options.protocolVersion ?? 4;
  }

  /** Makes it ready for another peek, whatever the last one left unfinished. */
  reset(): void {
    this.#inStream = false;
    this.#cursor.close();
  }

  /**
   * The message that fills `bytes` from `start` to before `end`. Its tuples and its content are views
   * over `bytes`. Throws PgoutputError, and is then in the state that it was in before.
   */
  decode(bytes: Uint8Array, start = 0, end = bytes.length): Message {
    if (start < 0 || start > end || end > bytes.length) {
      throw new RangeError('start and end must lie within the bytes');
    }
    const cursor = this.#cursor;
    cursor.open(bytes, start, end);
    const tag = cursor.byte();
    const message = this.#readMessage(cursor, tag);
    cursor.expectEnd();
    if (tag === STREAM_START) this.#inStream = true;
    else if (tag === STREAM_STOP) this.#inStream = false;
    return message;
  }

  #readMessage(cursor: Cursor, tag: number): Message {
    switch (tag) {
      case 0x49:
        cursor.tag = 'I';
        return readInsert(cursor, this.#readStreamedXid(cursor));
      case 0x55:
        cursor.tag = 'U';
        return readUpdate(cursor, this.#readStreamedXid(cursor));
      case 0x44:
        cursor.tag = 'D';
        return readDelete(cursor, this.#readStreamedXid(cursor));
      case 0x42:
        cursor.tag = 'B';
        return readBegin(cursor);
      case 0x43:
        cursor.tag = 'C';
        return readCommit(cursor);
      case 0x4f:
        cursor.tag = 'O';
        return readOrigin(cursor);
      case 0x52:
        cursor.tag = 'R';
        return readRelation(cursor, this.#readStreamedXid(cursor));
      case 0x59:
        cursor.tag = 'Y';
        return readTypeName(cursor, this.#readStreamedXid(cursor));
      case 0x54:
        cursor.tag = 'T';
        return readTruncate(cursor, this.#readStreamedXid(cursor));
      case 0x4d:
        cursor.tag = 'M';
        return readLogicalMessage(cursor, this.#readStreamedXid(cursor));
      default:
        return this.#readNewerMessage(cursor, tag);
    }
  }

  /** What version 2 (streaming) and version 3 (two-phase commit) added. */
  #readNewerMessage(cursor: Cursor, tag: number): Message {
    switch (tag) {
      case STREAM_START:
        cursor.tag = 'S';
        this.#requireVersion(2);
        if (this.#inStream) cursor.fail('a stream starts inside another one');
        return readStreamStart(cursor);
      case STREAM_STOP:
        cursor.tag = 'E';
        this.#requireVersion(2);
        if (!this.#inStream) cursor.fail('a stream stops that did not start');
        return { kind: 'stream-stop' };
      case 0x63:
        cursor.tag = 'c';
        this.#requireVersion(2);
        return readStreamCommit(cursor);
      case 0x41:
        cursor.tag = 'A';
        this.#requireVersion(2);
        return readStreamAbort(cursor, this.#protocolVersion);
      case 0x62:
        cursor.tag = 'b';
        this.#requireVersion(3);
        return readBeginPrepare(cursor);
      case 0x50:
        cursor.tag = 'P';
        this.#requireVersion(3);
        return readPrepare(cursor);
      case 0x4b:
        cursor.tag = 'K';
        this.#requireVersion(3);
        return readCommitPrepared(cursor);
      case 0x72:
        cursor.tag = 'r';
        this.#requireVersion(3);
        return readRollbackPrepared(cursor);
      case 0x70:
        cursor.tag = 'p';
        this.#requireVersion(3);
        return readStreamPrepare(cursor);
      default:
        // The cursor's tag stays null: what stands there may be anything, also part of a value.
        return cursor.fail('the tag is of no known message');
    }
  }

  #readStreamedXid(cursor: Cursor): number | null {
    return this.#inStream ? cursor.uint32() : null;
  }

  #requireVersion(version: ProtocolVersion): void {
    if (this.#protocolVersion < version) {
      this.#cursor.fail(`it belongs to protocol version ${version} and above`);
    }
  }
}
