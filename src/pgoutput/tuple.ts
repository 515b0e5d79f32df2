/** Marks in `bounds` for a column without bytes. Null and "not sent" are two things. */
export const NULL_VALUE = -1;
/** An unchanged TOASTed value: the server did not send it. */
export const UNCHANGED_VALUE = -2;
/** A column that this row does not have. No server sends it: it is for rows that were put together. */
export const ABSENT_VALUE = -3;

const BINARY_KIND = 0x62; // 'b'

/**
 * One row as it stands in a message: a view over the message's bytes, nothing decoded.
 * `bounds[2 * i]` is the first byte of column i (or a mark below zero), `bounds[2 * i + 1]` the byte
 * after its last. Valid for as long as the bytes are.
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html (TupleData)
 */
export class Tuple {
  readonly bytes: Uint8Array;
  readonly bounds: readonly number[];

  constructor(bytes: Uint8Array, bounds: readonly number[]) {
    this.bytes = bytes;
    this.bounds = bounds;
  }

  get columnCount(): number {
    return this.bounds.length >> 1;
  }

  isNull(column: number): boolean {
    return this.bounds[column * 2] === NULL_VALUE;
  }

  isUnchanged(column: number): boolean {
    return this.bounds[column * 2] === UNCHANGED_VALUE;
  }

  /** True where the value is in the type's binary form (option `binary`), not as text. */
  isBinary(column: number): boolean {
    const start = this.bounds[column * 2] ?? NULL_VALUE;
    // A value is preceded by its kind byte and a four-byte length.
    return start >= 0 && this.bytes[start - 5] === BINARY_KIND;
  }

  /** The value's bytes, or null where there are none (null, unchanged, out of range). */
  valueBytes(column: number): Uint8Array | null {
    const start = this.bounds[column * 2] ?? NULL_VALUE;
    return start < 0 ? null : this.bytes.subarray(start, this.bounds[column * 2 + 1]);
  }
}
