import type { RelationView } from '../changes/relation-view.ts';
import type { ValueWriter } from '../changes/values/value-writer.ts';

/**
 * Which columns an endpoint gets, and in what form. It is asked once a column, when a relation's
 * writers are compiled, and holds wherever the column stands: key, before, after, unchanged.
 */
export type ColumnPolicy = {
  /** What writes the column's values that are not null; null where the column is left out. */
  writer(view: RelationView, column: number, write: ValueWriter): ValueWriter | null;
  /** Whether all of the column's values are written as one and the same. */
  masks(view: RelationView, column: number): boolean;
};
