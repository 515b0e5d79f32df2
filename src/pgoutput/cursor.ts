import type { Lsn } from './lsn.ts';
import { PgoutputError } from './pgoutput-error.ts';

const NO_BYTES = new Uint8Array(0);

// A name that is not UTF-8 is refused: replacement characters would let two tables pass as one.
// ignoreBOM, or a name that begins with U+FEFF would lose it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one message's fields in the order in which they stand, never past its end.
 * One cursor serves every message of a decoder, so that a row costs no object but its own.
 */
export class Cursor {
  bytes: Uint8Array = NO_BYTES;
  position = 0;
  end = 0;
  tag: string | null = null;
  #start = 0;

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.tag = null;
    this.#start = start;
  }

  close(): void {
    this.open(NO_BYTES, 0, 0);
  }

  byte(): number {
    if (this.position >= this.end) this.fail('it ends where a byte is due');
    return this.bytes[this.position++]!;
  }

  uint16(): number {
    const { bytes, position } = this;
    if (position + 2 > this.end) this.fail('it ends inside a two-byte number');
    this.position = position + 2;
    return (bytes[position]! << 8) | bytes[position + 1]!;
  }

  int32(): number {
    const { bytes, position } = this;
    if (position + 4 > this.end) this.fail('it ends inside a four-byte number');
    this.position = position + 4;
    return (
      (bytes[position]! << 24) |
      (bytes[position + 1]! << 16) |
      (bytes[position + 2]! << 8) |
      bytes[position + 3]!
    );
  }

  /** OIDs and transaction ids are unsigned: half of them would come out negative from int32. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  lsn(): Lsn {
    const high = this.uint32();
    return ((BigInt(high) << 32n) | BigInt(this.uint32())) as Lsn;
  }

  /** Microseconds since the Postgres epoch, signed. */
  timestamp(): bigint {
    const high = this.int32();
    return (BigInt(high) << 32n) | BigInt(this.uint32());
  }

  /** A string up to its zero byte, which every String of the protocol ends with. */
  text(): string {
    const { bytes, position, end } = this;
    let zero = position;
    while (zero < end && bytes[zero] !== 0) zero++;
    if (zero === end) this.fail('a string has no end');
    const text = this.#decodeUtf8(bytes.subarray(position, zero));
    this.position = zero + 1;
    return text;
  }

  /** A view over the next `length` bytes. */
  view(length: number): Uint8Array {
    if (length > this.end - this.position) this.fail('it claims more bytes than it has');
    const { bytes, position } = this;
    this.position = position + length;
    return bytes.subarray(position, this.position);
  }

  expectEnd(): void {
    if (this.position !== this.end) this.fail('bytes follow after its last field');
  }

  fail(problem: string): never {
    throw new PgoutputError(this.position - this.#start, this.tag, problem);
  }

  #decodeUtf8(text: Uint8Array): string {
    try {
      return utf8.decode(text);
    } catch {
      return this.fail('a name is not valid UTF-8');
    }
  }
}
