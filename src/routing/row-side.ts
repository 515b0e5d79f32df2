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

/** Names of the columns that the update left alone and the server did not send. */
export function unchangedColumns({ relation, new: current }: RowChange): string[] {
  return relation.columns
    .filter((_, index) => current?.isUnchanged(index) === true)
    .map(({ name }) => name);
}
