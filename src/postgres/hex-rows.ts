import { type CustomTypesConfig, types } from 'pg';
import type { MessageRows } from '../drain/window.ts';
import { parseLsn } from '../pgoutput/lsn.ts';

/** A row of a window, its message as the server writes it: `\x` and two digits a byte. */
export type HexRow = { readonly lsn: string; readonly data: string; readonly size: number | null };

/** The driver would make a buffer of each value, which costs workerd more than what is in it. */
export const HEX_AS_TEXT: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === types.builtins.BYTEA ? (text: string) => text : types.getTypeParser(oid, format),
};

export function messageBytes(rows: readonly HexRow[]): number {
  return rows.reduce((sum, { data }) => sum + (data.length - 2) / 2, 0);
}

/** Rows whose messages are decoded one after the other into `memory`, which has room for all. */
export class HexRows implements MessageRows {
  readonly bytes: Uint8Array;
  start = 0;
  end = 0;
  lsnHigh = 0;
  lsnLow = 0;
  cutFromBytes = 0;
  readonly #rows: readonly HexRow[];
  readonly #memory: Buffer;
  #at = 0;

  constructor(rows: readonly HexRow[], memory: Buffer) {
    this.bytes = memory;
    this.#memory = memory;
    this.#rows = rows;
  }

  next(): boolean {
    const row = this.#rows[this.#at++];
    if (row === undefined) return false;
    const lsn = parseLsn(row.lsn);
    this.start = this.end;
    this.end += this.#memory.write(row.data.slice(2), this.start, 'hex');
    this.lsnHigh = Number(lsn >> 32n);
    this.lsnLow = Number(lsn & 0xffffffffn);
    this.cutFromBytes = row.size ?? 0;
    return true;
  }
}
