import { escapeLiteral } from 'pg';
import type { OpenWindow, WindowBounds, WindowChunk } from '../drain/window.ts';
import type { Connection } from './connection.ts';
import { HEX_AS_TEXT, type HexRow, HexRows, messageBytes } from './hex-rows.ts';
import { IS_ROW, isOfSchema, KIND } from './message-sql.ts';
import { peekStatement, type PeekTarget } from './peek-statement.ts';
import { PEEK_SETTINGS } from './session-settings.ts';
import { queryTogether } from './statements.ts';

export type AtOnceOptions = PeekTarget & {
  /** Whose rows are left out: walhook's own tables; null for none. */
  readonly stateSchema: string | null;
  readonly now: () => number;
};

/** What is kept in memory, in bytes of messages. More is for a window that is read as it comes. */
const MAX_BYTES = 1 << 20;
/** Of peeked rows there is no bound but the WAL's: whether they were too many is seen afterwards. */
const ALL_CHANGES = 2 ** 31 - 1;

/**
 * The whole window in one answer of one statement, on a connection that also serves for all else:
 * most drains find little, and need neither another connection nor a copy of the slot. null where it
 * is too much for that. Throws WalhookError.
 */
export async function readAtOnce(
  connection: Connection,
  options: AtOnceOptions,
  bounds: WindowBounds,
): Promise<OpenWindow | null> {
  const startedAt = options.now();
  const rows = await fetchAll(connection, statementOf(options, bounds.uptoLsn));
  if (rows === null || rows.length >= bounds.maxChanges) return null;
  const decodedMs = options.now() - startedAt;
  return { chunks: oneChunk(rows), rowCount: rows.length, decodedMs };
}

/** A row without an LSN says that there is more than is given. */
function statementOf(options: AtOnceOptions, uptoLsn: WindowBounds['uptoLsn']): string {
  const { stateSchema } = options;
  const peek = peekStatement(options, { uptoLsn, maxChanges: ALL_CHANGES }, false);
  const isOwn =
    stateSchema === null
      ? 'false'
      : `(${IS_ROW} or ${KIND} = ascii('R')) and ${isOfSchema(escapeLiteral(stateSchema))}`;
  return `with changes as materialized (
      select * from (${peek}) as change (lsn, data, size) where not (${isOwn})
    ), total as (select coalesce(sum(length(data)), 0) as bytes from changes)
    select lsn::text, data, size from changes where (select bytes from total) <= ${MAX_BYTES}
    union all
    select null, null, null from total where bytes > ${MAX_BYTES}`;
}

/** One text of several statements is one transaction, which the settings are for. */
async function fetchAll(connection: Connection, statement: string): Promise<HexRow[] | null> {
  const rows = await queryTogether<HexRow>(connection, [PEEK_SETTINGS, statement], HEX_AS_TEXT);
  return rows.at(-1)?.lsn === null ? null : rows;
}

async function* oneChunk(rows: readonly HexRow[]): AsyncGenerator<WindowChunk> {
  const byteLength = messageBytes(rows);
  if (byteLength === 0) return;
  const open = () => new HexRows(rows, Buffer.alloc(byteLength));
  yield { byteLength, open, release: () => undefined };
}
