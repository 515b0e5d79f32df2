import type { Transaction } from '../changes/change-event.ts';
import type { RelationView } from '../changes/relation-view.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import type { ColumnPolicy } from './column-policy.ts';
import type { FramedEvent, Framing } from './framing.ts';
import { PerTransaction } from './per-transaction.ts';
import type { Wal2httpColumns } from './wal2http.ts';

/** pg_class.relreplident. */
const REPLICA_IDENTITIES = { default: 'd', nothing: 'n', full: 'f', index: 'i' };

const encoder = new TextEncoder();

/**
 * `frame`, with begin and commit messages around the events of a transaction in a body, and a relation
 * message where another table's events begin. A transaction spread over several bodies begins and ends
 * in each of them. `columns`: what is left out of the rows is left out of their description. With the
 * shape `original` a commit has `end_lsn`: `commit_lsn` where the body is closed before the end of the
 * transaction has been read.
 */
export function wal2httpFraming(
  frame: Framing,
  columns: ColumnPolicy | null,
  shape: Wal2httpColumns = 'object',
): Framing {
  const separator = new TextDecoder().decode(frame.separator);
  const described = new WeakMap<RelationView, string>();
  const commitOf = (transaction: Transaction): string[] => commitMessages(transaction, shape);
  const endOf = (transaction: Transaction): Uint8Array =>
    encoder.encode(['', ...commitOf(transaction)].join(separator));
  // Asked for after every event: a body's size counts its end.
  const openEnds = new PerTransaction(endOf);
  const ends = new PerTransaction(endOf);

  function relationMessages(relation: RelationView | null): string[] {
    if (relation === null) return [];
    let message = described.get(relation);
    if (message === undefined) described.set(relation, (message = describe(relation, columns)));
    return [message];
  }

  return {
    ...frame,
    between(before, next) {
      if (next === null) {
        const { transaction } = before!;
        return (transaction.endLsn === undefined ? openEnds : ends).of(transaction);
      }
      const newTable = before?.relation !== next.relation;
      if (before?.transaction === next.transaction && !newTable) return frame.separator;
      const messages = [
        ...boundaryMessages(before, next, commitOf),
        ...(newTable ? relationMessages(next.relation) : []),
      ];
      return encoder.encode([...(before ? [''] : []), ...messages, ''].join(separator));
    },
  };
}

function boundaryMessages(
  before: FramedEvent | null,
  next: FramedEvent,
  commitOf: (transaction: Transaction) => string[],
): string[] {
  if (before?.transaction === next.transaction) return [];
  return [
    ...(before === null ? [] : commitOf(before.transaction)),
    ...beginMessages(next.transaction),
  ];
}

/** None for a logical message outside of any transaction. */
function beginMessages({ commitLsn, committedAt, xid }: Transaction): string[] {
  if (xid === null) return [];
  return [`{"type":"begin","final_lsn":${commitLsn},"timestamp":${committedAt},"xid":${xid}}`];
}

function commitMessages(
  { commitLsn, committedAt, xid, endLsn = commitLsn }: Transaction,
  shape: Wal2httpColumns,
): string[] {
  if (xid === null) return [];
  const lsns = `"commit_lsn":${commitLsn}${shape === 'original' ? `,"end_lsn":${endLsn}` : ''}`;
  return [`{"type":"commit","flags":0,${lsns},"timestamp":${committedAt}}`];
}

function describe(view: RelationView, policy: ColumnPolicy | null): string {
  const columns = view.columns
    .filter((_, index) => policy === null || policy.writer(view, index, writeJsonString) !== null)
    .map(({ name, typeOid, typeModifier, isKey }) => ({
      key_flag: isKey ? 1 : 0,
      column_name: name,
      column_type: typeOid,
      atttypmod: typeModifier,
    }));
  const relation = {
    oid: view.relationId,
    namespace: view.schema,
    relation_name: view.table,
    replica_identity: REPLICA_IDENTITIES[view.replicaIdentity],
    column_count: columns.length,
    columns,
  };
  return JSON.stringify({ type: 'relation', relation });
}
