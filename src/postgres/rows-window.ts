import type { OpenWindow, WindowChunk } from '../drain/window.ts';
import { type Connection, query } from './connection.ts';
import { HEX_AS_TEXT, type HexRow, HexRows, messageBytes } from './hex-rows.ts';
import { execute } from './statements.ts';
import { beginWindow, endWindow } from './window-sql.ts';

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
      const byteLength = messageBytes(rows);
      if (rows.length > 0) {
        let bytes: Buffer | null = null;
        yield {
          byteLength,
          open: () => new HexRows(rows, (bytes = memory.take(byteLength))),
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

async function fetchRows(connection: Connection, count: number): Promise<readonly HexRow[]> {
  const text = `fetch ${count} from walhook_window`;
  return (await execute<HexRow>(connection, { text, types: HEX_AS_TEXT })).rows;
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
