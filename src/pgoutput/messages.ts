import type { Lsn } from './lsn.ts';
import type { Tuple } from './tuple.ts';

/**
 * The messages of the logical replication protocol, versions 1 to 4, as pgoutput writes them.
 * `xid` on a row, relation, type or logical message is set only inside a streamed transaction,
 * where the server names the (sub)transaction each message belongs to.
 * Timestamps are microseconds since 2000-01-01 00:00 UTC, the Postgres epoch.
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export type Message =
  | Begin
  | Commit
  | Origin
  | Relation
  | TypeName
  | Insert
  | Update
  | Delete
  | Truncate
  | LogicalMessage
  | StreamStart
  | StreamStop
  | StreamCommit
  | StreamAbort
  | BeginPrepare
  | Prepare
  | CommitPrepared
  | RollbackPrepared
  | StreamPrepare;

export type Begin = {
  readonly kind: 'begin';
  /** LSN of the commit record: the transaction's place in commit order. */
  readonly commitLsn: Lsn;
  readonly committedAt: bigint;
  readonly xid: number;
};

export type Commit = {
  readonly kind: 'commit';
  readonly flags: number;
  readonly commitLsn: Lsn;
  /** First byte after the commit record: where the slot may go once the transaction is settled. */
  readonly endLsn: Lsn;
  readonly committedAt: bigint;
};

export type Origin = { readonly kind: 'origin'; readonly commitLsn: Lsn; readonly name: string };

/** pg_class.relreplident. */
export type ReplicaIdentity = 'default' | 'nothing' | 'full' | 'index';

export type RelationColumn = {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  /** Part of the replica identity (every column under replica identity full). */
  readonly isKey: boolean;
};

export type Relation = {
  readonly kind: 'relation';
  readonly xid: number | null;
  readonly relationId: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
};

export type TypeName = {
  readonly kind: 'type';
  readonly xid: number | null;
  readonly typeOid: number;
  readonly schema: string;
  readonly name: string;
};

export type Insert = {
  readonly kind: 'insert';
  readonly xid: number | null;
  readonly relationId: number;
  readonly new: Tuple;
};

/** `key`: only the replica identity's columns carry values; `full`: the whole old row. */
export type OldTuple = { readonly kind: 'key' | 'full'; readonly tuple: Tuple };

export type Update = {
  readonly kind: 'update';
  readonly xid: number | null;
  readonly relationId: number;
  /** null where the server sent no old row. */
  readonly old: OldTuple | null;
  readonly new: Tuple;
};

export type Delete = {
  readonly kind: 'delete';
  readonly xid: number | null;
  readonly relationId: number;
  readonly old: OldTuple;
};

export type Truncate = {
  readonly kind: 'truncate';
  readonly xid: number | null;
  readonly relationIds: readonly number[];
  readonly cascade: boolean;
  readonly restartIdentity: boolean;
};

export type LogicalMessage = {
  readonly kind: 'message';
  readonly xid: number | null;
  readonly transactional: boolean;
  readonly lsn: Lsn;
  readonly prefix: string;
  readonly content: Uint8Array;
};

export type StreamStart = {
  readonly kind: 'stream-start';
  readonly xid: number;
  readonly firstSegment: boolean;
};

export type StreamStop = { readonly kind: 'stream-stop' };

export type StreamCommit = {
  readonly kind: 'stream-commit';
  readonly xid: number;
  readonly flags: number;
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly committedAt: bigint;
};

export type StreamAbort = {
  readonly kind: 'stream-abort';
  readonly xid: number;
  /** Equal to xid when the whole transaction is aborted. */
  readonly subXid: number;
  /** Version 4 with parallel streaming only. */
  readonly abort: { readonly lsn: Lsn; readonly at: bigint } | null;
};

export type BeginPrepare = {
  readonly kind: 'begin-prepare';
  readonly prepareLsn: Lsn;
  readonly endLsn: Lsn;
  readonly preparedAt: bigint;
  readonly xid: number;
  readonly gid: string;
};

export type Prepare = {
  readonly kind: 'prepare';
  readonly flags: number;
  readonly prepareLsn: Lsn;
  readonly endLsn: Lsn;
  readonly preparedAt: bigint;
  readonly xid: number;
  readonly gid: string;
};

export type CommitPrepared = {
  readonly kind: 'commit-prepared';
  readonly flags: number;
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly committedAt: bigint;
  readonly xid: number;
  readonly gid: string;
};

export type RollbackPrepared = {
  readonly kind: 'rollback-prepared';
  readonly flags: number;
  readonly prepareEndLsn: Lsn;
  readonly rollbackEndLsn: Lsn;
  readonly preparedAt: bigint;
  readonly rolledBackAt: bigint;
  readonly xid: number;
  readonly gid: string;
};

export type StreamPrepare = {
  readonly kind: 'stream-prepare';
  readonly flags: number;
  readonly prepareLsn: Lsn;
  readonly endLsn: Lsn;
  readonly preparedAt: bigint;
  readonly xid: number;
  readonly gid: string;
};
