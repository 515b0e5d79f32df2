import type { Transaction } from '../changes/change-event.ts';
import type { RelationView } from '../changes/relation-view.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import type { ColumnPolicy } from './column-policy.ts';
import type { FramedEvent, Framing } from './framing.ts';
import { PerTransaction } from './per-transaction.ts';

/** pg_class.relreplident. */
const REPLICA_IDENTITIES = { default: 'd', nothing: 'n', full: 'f', index: 'i' };

const encoder = new TextEncoder();

/**
 * `frame`, with begin and commit messages around the events of a transaction in a body, and a relation
 * message where another table's events begin. A transaction spread over several bodies begins and ends
 * in each of them. `columns`: what is left out of the rows is left out of their description.
 */
export function wal2httpFraming(frame: Framing, columns: ColumnPolicy | null): Framing {
  const separator = new TextDecoder().decode(frame.separator);
  const described = new WeakMap<RelationView, string>();
  // Asked for after every event: a body's size counts its end.
  const ends = new PerTransaction((transaction) =>
    encoder.encode(['', ...commitMessages(transaction)].join(separator)),
  );

  function relationMessages(relation: RelationView | null): string[] {
    if (relation === null) return [];
    let message = described.get(relation);
    if (message === undefined) described.set(relation, (message = describe(relation, columns)));
    return [message];
  }

  return {
    ...frame,
    between(before, next) {
      if (next === null) return ends.of(before!.transaction);
      const newTable = before?.relation !== next.relation;
      if (before?.transaction === next.transaction && !newTable) return frame.separator;
      const messages = [
        ...boundaryMessages(before, next),
        ...(newTable ? relationMessages(next.relation) : []),
      ];
      return encoder.encode([...(before ? [''] : []), ...messages, ''].join(separator));
    },
  };
}

function boundaryMessages(before: FramedEvent | null, next: FramedEvent): string[] {
  if (before?.transaction === next.transaction) return [];
  return [
    ...(before === null ? [] : commitMessages(before.transaction)),
    ...beginMessages(next.transaction),
  ];
}

/** None for a logical message outside of any transaction. */
function beginMessages({ commitLsn, committedAt, xid }: Transaction): string[] {
  if (xid === null) return [];
  return [`{"type":"begin","final_lsn":${commitLsn},"timestamp":${committedAt},"xid":${xid}}`];
}

/** Where a transaction ends is not known yet while its events are sent: there is no end_lsn. */
function commitMessages({ commitLsn, committedAt, xid }: Transaction): string[] {
  if (xid === null) return [];
  return [`{"type":"commit","flags":0,"commit_lsn":${commitLsn},"timestamp":${committedAt}}`];
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
