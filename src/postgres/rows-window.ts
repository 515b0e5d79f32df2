import { type CustomTypesConfig, types } from 'pg';
import type { MessageRows, OpenWindow, WindowChunk } from '../drain/window.ts';
import { parseLsn } from '../pgoutput/lsn.ts';
import { type Connection, exclusively, query } from './connection.ts';
import { databaseError } from './failure.ts';
import { beginWindow, endWindow } from './window-sql.ts';

/** `data` as the server writes it: `\x` and two digits a byte. */
type Row = { readonly lsn: string; readonly data: string; readonly size: number | null };

/** What a fetch should bring, judged by the rows of the one before: rows may be bytes or megabytes. */
const FETCH_BYTES = 1 << 20;
const FIRST_FETCH_ROWS = 64;
const MAX_FETCH_ROWS = 5_000;

/**
 * A window through a cursor, for places where COPY cannot be read (workerd). The same rows as
 * CopyWindow's, a fetch at a time. Iterating throws WalhookError.
 */
export class RowsWindow implements OpenWindow {
  readonly chunks: AsyncIterable<WindowChunk>;
  rowCount = 0;
  decodedMs = 0;

  constructor(connection: Connection, statement: string, now: () => number) {
    this.chunks = this.#read(connection, statement, now);
  }

  async *#read(
    connection: Connection,
    statement: string,
    now: () => number,
  ): AsyncGenerator<WindowChunk> {
    const startedAt = now();
    await beginWindow(connection);
    await query(
      connection,
      `declare walhook_window no scroll cursor for select * from (${statement}) as w (lsn, data, size)`,
    );
    const memory = new FetchMemory();
    let wanted = FIRST_FETCH_ROWS;
    for (;;) {
      const rows = await fetchRows(connection, wanted);
      this.decodedMs ||= now() - startedAt;
      this.rowCount += rows.length;
      const byteLength = rows.reduce((sum, { data }) => sum + bytesIn(data), 0);
      if (rows.length > 0) {
        let bytes: Buffer | null = null;
        yield {
          byteLength,
          open: () => new FetchedRows(rows, (bytes = memory.take(byteLength))),
          release() {
            if (bytes !== null) memory.giveBack(bytes);
            bytes = null;
          },
        };
      }
      if (rows.length < wanted) break;
      const fitting = Math.floor((FETCH_BYTES * rows.length) / Math.max(byteLength, 1));
      wanted = Math.min(MAX_FETCH_ROWS, Math.max(1, fitting));
    }
    await endWindow(connection);
  }
}

/** The driver would make a buffer of each value, which costs workerd more than what is in it. */
const HEX_AS_TEXT: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === types.builtins.BYTEA ? (text: string) => text : types.getTypeParser(oid, format),
};

async function fetchRows(connection: Connection, count: number): Promise<readonly Row[]> {
  const text = `fetch ${count} from walhook_window`;
  try {
    const fetched = exclusively(connection, () =>
      connection.query<Row>({ text, types: HEX_AS_TEXT }),
    );
    return (await fetched).rows;
  } catch (error) {
    throw databaseError(error);
  }
}

function bytesIn(hex: string): number {
  return (hex.length - 2) / 2;
}

/** Memory that a fetch is decoded into, and that serves the next one once it has been read. */
class FetchMemory {
  #free: Buffer | null = null;

  take(byteLength: number): Buffer {
    const free = this.#free;
    this.#free = null;
    if (free !== null && free.length >= byteLength) return free;
    return Buffer.alloc(Math.max(byteLength, FETCH_BYTES));
  }

  giveBack(bytes: Buffer): void {
    // What one enormous row needed is not kept for all that come after it.
    if (bytes.length <= 2 * FETCH_BYTES) this.#free = bytes;
  }
}

class FetchedRows implements MessageRows {
  readonly bytes: Uint8Array;
  start = 0;
  end = 0;
  lsnHigh = 0;
  lsnLow = 0;
  cutFromBytes = 0;
  readonly #rows: readonly Row[];
  readonly #memory: Buffer;
  #at = 0;

  constructor(rows: readonly Row[], memory: Buffer) {
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
