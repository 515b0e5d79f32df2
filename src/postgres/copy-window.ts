import type { OpenWindow, WindowChunk } from '../drain/window.ts';
import type { Connection } from './connection.ts';
import { CopyOut } from './copy-out.ts';
import { CopyRows } from './copy-rows.ts';
import { databaseError } from './failure.ts';
import type { Slabs } from './slabs.ts';
import { submit } from './statements.ts';
import { beginWindow, endWindow } from './window-sql.ts';

/**
 * A window by COPY: rows come as the network brings them, and the server waits while nobody reads, so
 * memory does not depend on the window. Iterating throws WalhookError.
 */
export class CopyWindow implements OpenWindow {
  readonly chunks: AsyncIterable<WindowChunk>;
  rowCount = 0;
  decodedMs = 0;

  constructor(connection: Connection, statement: string, now: () => number, slabs?: Slabs) {
    this.chunks = this.#read(connection, statement, now, slabs);
  }

  async *#read(
    connection: Connection,
    statement: string,
    now: () => number,
    slabs: Slabs | undefined,
  ): AsyncGenerator<WindowChunk> {
    const rows = new CopyRows();
    const startedAt = now();
    try {
      await beginWindow(connection);
      const copy = submit(
        connection,
        new CopyOut(`copy (${statement}) to stdout (format binary)`, slabs),
      );
      for await (const bytes of copy.chunks()) {
        this.decodedMs ||= now() - startedAt;
        yield {
          // A slab is handed on as soon as it is wanted: mostly it holds less than it could.
          byteLength: bytes.buffer.byteLength,
          open: () => {
            rows.push(bytes);
            return rows;
          },
          release: () => copy.release(bytes),
        };
      }
      this.rowCount = copy.rowCount;
      await endWindow(connection);
    } catch (error) {
      throw databaseError(error);
    }
    yield {
      byteLength: 0,
      open: () => {
        rows.assertComplete();
        return rows;
      },
      release: () => undefined,
    };
  }
}
