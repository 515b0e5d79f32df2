import type { Cursor } from './cursor.ts';
import type { StreamAbort, StreamCommit, StreamStart } from './messages.ts';

export function readStreamStart(cursor: Cursor): StreamStart {
  return { kind: 'stream-start', xid: cursor.uint32(), firstSegment: cursor.byte() === 1 };
}

export function readStreamCommit(cursor: Cursor): StreamCommit {
  return {
    kind: 'stream-commit',
    xid: cursor.uint32(),
    flags: cursor.byte(),
    commitLsn: cursor.lsn(),
    endLsn: cursor.lsn(),
    committedAt: cursor.timestamp(),
  };
}

/**
 * The server adds where and when it aborted only to a client that asked for `streaming 'parallel'`;
 * nothing in the message says so but its length.
 */
export function readStreamAbort(cursor: Cursor, protocolVersion: number): StreamAbort {
  return {
    kind: 'stream-abort',
    xid: cursor.uint32(),
    subXid: cursor.uint32(),
    abort:
      protocolVersion >= 4 && cursor.position < cursor.end
        ? { lsn: cursor.lsn(), at: cursor.timestamp() }
        : null,
  };
}
