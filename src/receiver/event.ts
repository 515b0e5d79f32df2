import type { JsonValue } from './lossless-json.ts';

/** Columns by name. */
export type Row = { readonly [column: string]: JsonValue };

type Place = {
  /** Stable: the same however often and by whichever process the event is sent. Sorts as text. */
  readonly id: string;
  /** Null for a message outside of any transaction. Wraps around: no lasting id. */
  readonly xid: number | null;
  readonly lsn: string;
  readonly commit_lsn: string;
  /** Place in the transaction, from 0. */
  readonly seq: number;
  /** ISO 8601 in UTC with microseconds; null for a message outside of any transaction. */
  readonly committed_at: string | null;
};

type OfTable = Place & {
  readonly schema: string;
  readonly table: string;
};

type OfRow = OfTable & {
  /** After the change; before it, for a delete; null for a table without a key. */
  readonly key: Row | null;
  /** Columns that are not in `after` because an update left them alone: keep the value you have. */
  readonly unchanged: readonly string[];
  /** Columns whose values are text as Postgres writes it: how their type was made is not known. */
  readonly as_text?: readonly string[];
  /** The row may have a key; which columns it had is not known. */
  readonly key_unknown?: true;
};

export type InsertEvent = OfRow & {
  readonly op: 'insert';
  readonly before: null;
  readonly after: Row;
};

/** A row as a snapshot found it. */
export type ReadEvent = OfRow & {
  readonly op: 'read';
  readonly before: null;
  readonly after: Row;
};

export type UpdateEvent = OfRow & {
  readonly op: 'update';
  /** The old row under replica identity full, the old key if it changed, else null. */
  readonly before: Row | null;
  readonly after: Row;
};

export type DeleteEvent = OfRow & {
  readonly op: 'delete';
  readonly before: Row | null;
  readonly after: null;
};

export type TruncateEvent = OfTable & {
  readonly op: 'truncate';
  readonly key: null;
  readonly before: null;
  readonly after: null;
  readonly unchanged: readonly string[];
  readonly cascade: boolean;
  readonly restart_identity: boolean;
};

/** What an application wrote with `pg_logical_emit_message`. */
export type LogicalMessageEvent = Place & {
  readonly op: 'message';
  readonly schema: null;
  readonly table: null;
  readonly key: null;
  readonly before: null;
  readonly after: null;
  readonly unchanged: readonly string[];
  readonly prefix: string;
  /** Base64. */
  readonly content: string;
  readonly transactional: boolean;
};

/** An event in an application's own words, from its outbox. */
export type OutboxEvent = Place & {
  /** That it has none tells it from the others. */
  readonly op?: undefined;
  readonly outbox_id: JsonValue;
  readonly type: string | null;
  readonly key: JsonValue;
  readonly payload: JsonValue;
  readonly headers: JsonValue;
  readonly occurred_at: JsonValue;
  readonly schema?: undefined;
  readonly table?: undefined;
  readonly before?: undefined;
  readonly after?: undefined;
};

/** An event of the format `walhook`. Later versions may add fields, and values of `op`. */
export type WalhookEvent =
  | InsertEvent
  | UpdateEvent
  | DeleteEvent
  | ReadEvent
  | TruncateEvent
  | LogicalMessageEvent
  | OutboxEvent;
