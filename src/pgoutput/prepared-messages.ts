import type { Cursor } from './cursor.ts';
import type {
  BeginPrepare,
  CommitPrepared,
  Prepare,
  RollbackPrepared,
  StreamPrepare,
} from './messages.ts';

export function readBeginPrepare(cursor: Cursor): BeginPrepare {
  return {
    kind: 'begin-prepare',
    prepareLsn: cursor.lsn(),
    endLsn: cursor.lsn(),
    preparedAt: cursor.timestamp(),
    xid: cursor.uint32(),
    gid: cursor.text(),
  };
}

export function readPrepare(cursor: Cursor): Prepare {
  return { kind: 'prepare', ...readPreparedState(cursor) };
}

export function readStreamPrepare(cursor: Cursor): StreamPrepare {
  return { kind: 'stream-prepare', ...readPreparedState(cursor) };
}

function readPreparedState(cursor: Cursor): Omit<Prepare, 'kind'> {
  return {
    flags: cursor.byte(),
    prepareLsn: cursor.lsn(),
    endLsn: cursor.lsn(),
    preparedAt: cursor.timestamp(),
    xid: cursor.uint32(),
    gid: cursor.text(),
  };
}

export function readCommitPrepared(cursor: Cursor): CommitPrepared {
  return {
    kind: 'commit-prepared',
    flags: cursor.byte(),
    commitLsn: cursor.lsn(),
    endLsn: cursor.lsn(),
    committedAt: cursor.timestamp(),
    xid: cursor.uint32(),
    gid: cursor.text(),
  };
}

export function readRollbackPrepared(cursor: Cursor): RollbackPrepared {
  return {
    kind: 'rollback-prepared',
    flags: cursor.byte(),
    prepareEndLsn: cursor.lsn(),
    rollbackEndLsn: cursor.lsn(),
    preparedAt: cursor.timestamp(),
    rolledBackAt: cursor.timestamp(),
    xid: cursor.uint32(),
    gid: cursor.text(),
  };
}
