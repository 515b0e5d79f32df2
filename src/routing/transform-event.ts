import type { RowChange } from '../changes/change-event.ts';
import type { WritableEvent } from '../formats/event-format.ts';
import { type FilterEvent, filterEvent } from './filter-event.ts';
import type { Row, RowReader, RowReaders } from './row-reader.ts';
import { afterSide, beforeSide, keySide, type RowSide } from './row-side.ts';

export type Rows = {
  key: Row | null;
  before: Row | null;
  after: Row | null;
};

/**
 * The walhook event as a transform is given it: an object of its own, to be changed and given back, or
 * another in its place. Names of tables and columns and values are free; where the event stands is not.
 */
export type TransformEvent = Omit<FilterEvent, keyof Rows | 'schema' | 'table'> &
  Rows & {
    schema: string | null;
    table: string | null;
    unchanged: string[];
    prefix?: string;
    content?: string;
  };

/** What a transform has to leave as it is. */
export const FIXED_FIELDS = [
  'id',
  'op',
  'xid',
  'lsn',
  'commit_lsn',
  'seq',
  'committed_at',
  'cascade',
  'restart_identity',
  'transactional',
] as const satisfies (keyof TransformEvent)[];

export const FREE_FIELDS = [
  'schema',
  'table',
  'key',
  'before',
  'after',
  'unchanged',
  'prefix',
  'content',
] as const satisfies (keyof TransformEvent)[];

export function transformEvent(
  event: WritableEvent,
  rows: Rows,
  readers: RowReaders,
): TransformEvent {
  const view = filterEvent(event, readers);
  const { id, op, schema, table, xid, lsn, commit_lsn, seq, committed_at } = view;
  const place = { xid, lsn, commit_lsn, seq, committed_at };
  const plain = { id, op, schema, table, ...rows, unchanged: [...view.unchanged] };
  if (event.op === 'message') {
    const { prefix = '', content = '', transactional = false } = view;
    return { ...plain, prefix, content, transactional, ...place };
  }
  if (event.op !== 'truncate') return { ...plain, ...place };
  const { cascade = false, restart_identity = false } = view;
  return { ...plain, cascade, restart_identity, ...place };
}

export const NO_ROWS: Rows = { key: null, before: null, after: null };

export function rowsOf(event: RowChange, reader: RowReader): Rows {
  const read = (side: RowSide | null): Row | null => (side === null ? null : reader.row(side));
  return {
    key: read(keySide(event)),
    before: read(beforeSide(event)),
    after: read(afterSide(event)),
  };
}
