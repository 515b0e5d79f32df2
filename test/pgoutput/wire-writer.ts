import type { Tuple } from '../../src/pgoutput/tuple.ts';

/** Writes the protocol's field types one after the other. */
export class WireWriter {
  readonly #parts: Uint8Array[] = [];

  byte(value: number | string): this {
    this.#parts.push(Buffer.from([typeof value === 'string' ? value.charCodeAt(0) : value]));
    return this;
  }

  uint16(value: number): this {
    const part = Buffer.alloc(2);
    part.writeUInt16BE(value);
    this.#parts.push(part);
    return this;
  }

  uint32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32BE(value);
    this.#parts.push(part);
    return this;
  }

  int32(value: number): this {
    return this.uint32(value >>> 0);
  }

  /** An LSN or a timestamp. */
  int64(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigUInt64BE(BigInt.asUintN(64, value));
    this.#parts.push(part);
    return this;
  }

  /** A transaction id that is there in a streamed transaction only. */
  optionalXid(xid: number | null): this {
    return xid === null ? this : this.uint32(xid);
  }

  text(value: string): this {
    return this.raw(Buffer.from(`${value}\0`));
  }

  tuple(tuple: Tuple): this {
    this.uint16(tuple.columnCount);
    for (let column = 0; column < tuple.columnCount; column++) {
      if (tuple.isNull(column)) this.byte('n');
      else if (tuple.isUnchanged(column)) this.byte('u');
      else {
        const value = tuple.valueBytes(column)!;
        this.byte(tuple.isBinary(column) ? 'b' : 't')
          .uint32(value.length)
          .raw(value);
      }
    }
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  toBytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }
}
