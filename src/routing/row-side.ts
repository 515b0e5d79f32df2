import { keyTuple, type RowChange } from '../changes/change-event.ts';
import type { Tuple } from '../pgoutput/tuple.ts';

/** One of the rows that an event shows: key, before or after. */
export type RowSide = {
  /** Indexes of the columns it shows, where it does not show all. */
  readonly columns: readonly number[] | null;
  readonly tupleOf: (column: number) => Tuple;
};

export function keySide(event: RowChange): RowSide | null {
  const columns = event.relation.keyColumns;
  return columns.length === 0 ? null : { columns, tupleOf: (column) => keyTuple(event, column) };
}

export function beforeSide({ old, relation }: RowChange): RowSide | null {
  if (old === null) return null;
  const columns = old.kind === 'full' ? null : relation.identityColumns;
  return { columns, tupleOf: () => old.tuple };
}

export function afterSide({ new: current }: RowChange): RowSide | null {
  return current === null ? null : { columns: null, tupleOf: () => current };
}

/**
 * The row as it is after the change, for what looks at it and sends nothing of it: a value that the
 * update left alone, and the server did not send, is the old row's, where that was sent.
 */
export function knownAfterSide({ old, new: current, relation }: RowChange): RowSide | null {
  if (current === null) return null;
  if (old === null) return { columns: null, tupleOf: () => current };
  const isInOld = (column: number): boolean =>
    old.kind === 'full' || relation.identityColumns.includes(column);
  return {
    columns: null,
    tupleOf: (column) => (current.isUnchanged(column) && isInOld(column) ? old.tuple : current),
  };
}

/** Names of the columns that the update left alone and the server did not send. */
export function unchangedColumns({ relation, new: current }: RowChange): string[] {
  return relation.columns
    .filter((_, index) => current?.isUnchanged(index) === true)
    .map(({ name }) => name);
}
