import type { Cursor } from './cursor.ts';
import type { Begin, Commit, LogicalMessage, Origin } from './messages.ts';

const TRANSACTIONAL = 1;

// Object literals below are filled in the order in which the fields stand on the wire.

export function readBegin(cursor: Cursor): Begin {
  return {
    kind: 'begin',
    commitLsn: cursor.lsn(),
    committedAt: cursor.timestamp(),
    xid: cursor.uint32(),
  };
}

export function readCommit(cursor: Cursor): Commit {
  return {
    kind: 'commit',
    flags: cursor.byte(),
    commitLsn: cursor.lsn(),
    endLsn: cursor.lsn(),
    committedAt: cursor.timestamp(),
  };
}

export function readOrigin(cursor: Cursor): Origin {
  return { kind: 'origin', commitLsn: cursor.lsn(), name: cursor.text() };
}

/** `content` is a view over the message's bytes, like a tuple: valid for as long as they are. */
export function readLogicalMessage(cursor: Cursor, xid: number | null): LogicalMessage {
  const flags = cursor.byte();
  return {
    kind: 'message',
    xid,
    transactional: (flags & TRANSACTIONAL) !== 0,
    lsn: cursor.lsn(),
    prefix: cursor.text(),
    content: cursor.view(cursor.uint32()),
  };
}
