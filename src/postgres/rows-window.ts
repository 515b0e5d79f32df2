import type { MessageRows, OpenWindow, WindowChunk } from '../drain/window.ts';
import { parseLsn } from '../pgoutput/lsn.ts';
import { type Connection, query } from './connection.ts';
import { beginWindow, endWindow } from './window-sql.ts';

type Row = { readonly lsn: string; readonly data: Buffer; readonly size: number | null };

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
    let wanted = FIRST_FETCH_ROWS;
    for (;;) {
      const rows = await query<Row>(connection, `fetch ${wanted} from walhook_window`);
      this.decodedMs ||= now() - startedAt;
      this.rowCount += rows.length;
      const byteLength = rows.reduce((sum, row) => sum + row.data.length, 0);
      if (rows.length > 0)
        yield { byteLength, open: () => new FetchedRows(rows), release: () => undefined };
      if (rows.length < wanted) break;
      const fitting = Math.floor((FETCH_BYTES * rows.length) / Math.max(byteLength, 1));
      wanted = Math.min(MAX_FETCH_ROWS, Math.max(1, fitting));
    }
    await endWindow(connection);
  }
}

class FetchedRows implements MessageRows {
  bytes: Uint8Array = new Uint8Array(0);
  readonly start = 0;
  end = 0;
  lsnHigh = 0;
  lsnLow = 0;
  cutFromBytes = 0;
  readonly #rows: readonly Row[];
  #at = 0;

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  next(): boolean {
    const row = this.#rows[this.#at++];
    if (row === undefined) return false;
    const lsn = parseLsn(row.lsn);
    this.bytes = row.data;
    this.end = row.data.length;
    this.lsnHigh = Number(lsn >> 32n);
    this.lsnLow = Number(lsn & 0xffffffffn);
    this.cutFromBytes = row.size ?? 0;
    return true;
  }
}
