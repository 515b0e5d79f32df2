import type { Cursor } from './cursor.ts';
import type { Delete, Insert, OldTuple, Truncate, Update } from './messages.ts';
import { readTuple } from './tuple-decoder.ts';

const NEW_ROW = 0x4e; // 'N'
const OLD_KEY = 0x4b; // 'K'
const OLD_ROW = 0x4f; // 'O'

const CASCADE = 1;
const RESTART_IDENTITY = 2;

export function readInsert(cursor: Cursor, xid: number | null): Insert {
  const relationId = cursor.uint32();
  if (cursor.byte() !== NEW_ROW) cursor.fail('a new row is due');
  return { kind: 'insert', xid, relationId, new: readTuple(cursor) };
}

export function readUpdate(cursor: Cursor, xid: number | null): Update {
  const relationId = cursor.uint32();
  let part = cursor.byte();
  let old: OldTuple | null = null;
  if (part !== NEW_ROW) {
    old = readOldTuple(cursor, part);
    part = cursor.byte();
  }
  if (part !== NEW_ROW) cursor.fail('a new row is due');
  return { kind: 'update', xid, relationId, old, new: readTuple(cursor) };
}

export function readDelete(cursor: Cursor, xid: number | null): Delete {
  const relationId = cursor.uint32();
  return { kind: 'delete', xid, relationId, old: readOldTuple(cursor, cursor.byte()) };
}

function readOldTuple(cursor: Cursor, part: number): OldTuple {
  if (part === OLD_KEY) return { kind: 'key', tuple: readTuple(cursor) };
  if (part === OLD_ROW) return { kind: 'full', tuple: readTuple(cursor) };
  return cursor.fail('an old row is due');
}

export function readTruncate(cursor: Cursor, xid: number | null): Truncate {
  const relationCount = cursor.uint32();
  const flags = cursor.byte();
  if (relationCount * 4 > cursor.end - cursor.position) {
    cursor.fail('it claims more tables than it has bytes');
  }
  const relationIds: number[] = [];
  for (let i = 0; i < relationCount; i++) relationIds.push(cursor.uint32());
  return {
    kind: 'truncate',
    xid,
    relationIds,
    cascade: (flags & CASCADE) !== 0,
    restartIdentity: (flags & RESTART_IDENTITY) !== 0,
  };
}
