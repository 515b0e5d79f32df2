import type { RelationView } from '../changes/relation-view.ts';
import type { RelationColumn } from '../pgoutput/messages.ts';

export type RelationShape = {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly RelationColumn[];
  readonly keyColumns: readonly number[];
  readonly identityColumns: readonly number[];
};

/** A transform that names columns after values would make a shape of each event. */
const MAX_SHAPES = 1_000;

/** The shapes that a transform gave a relation, each one view: writers are compiled once a view. */
export class RelationShapes {
  readonly #bySource = new WeakMap<RelationView, Map<string, RelationView>>();

  of(source: RelationView, shape: RelationShape): RelationView {
    if (isSame(source, shape)) return source;
    let known = this.#bySource.get(source);
    if (known === undefined) this.#bySource.set(source, (known = new Map()));
    const description = describe(shape);
    let view = known.get(description);
    if (view === undefined) {
      if (known.size >= MAX_SHAPES) known.clear();
      known.set(description, (view = { ...source, ...shape }));
    }
    return view;
  }
}

function isSame(source: RelationView, shape: RelationShape): boolean {
  return (
    source.schema === shape.schema &&
    source.table === shape.table &&
    isSameList(source.columns, shape.columns) &&
    isSameList(source.keyColumns, shape.keyColumns) &&
    isSameList(source.identityColumns, shape.identityColumns)
  );
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

function describe({ schema, table, columns, keyColumns, identityColumns }: RelationShape): string {
  const types = columns.map(({ name, typeOid, isKey }) => [name, typeOid, isKey]);
  return JSON.stringify([schema, table, types, keyColumns, identityColumns]);
}
