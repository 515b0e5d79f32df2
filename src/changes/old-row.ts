import type { OldTuple } from '../pgoutput/messages.ts';
import type { Tuple } from '../pgoutput/tuple.ts';
import type { RelationView } from './relation-view.ts';

type Sent = { readonly relation: RelationView; readonly old: OldTuple };

/**
 * The old row as it was sent. A partition writes by its own replica identity, and the server describes
 * it by its table's: an old row that is called whole may hold a key alone, and one that is called a
 * key may lack it. What was not sent comes as null, which no column of a key is.
 */
export class OldRows {
  readonly #views = new WeakMap<RelationView, Map<string, RelationView>>();

  /** `isDelete`: there is no new row that would have the key. */
  asSent(relation: RelationView, old: OldTuple, isDelete: boolean): Sent {
    if (isAsDescribed(relation, old, isDelete)) return { relation, old };
    const sent = relation.columns.flatMap((_, index) => (old.tuple.isNull(index) ? [] : [index]));
    const lacksKey = isDelete && relation.keyColumns.some((column) => !sent.includes(column));
    return {
      relation: this.#viewOf(relation, sent, lacksKey),
      old: { kind: 'key', tuple: old.tuple },
    };
  }

  #viewOf(relation: RelationView, sent: readonly number[], lacksKey: boolean): RelationView {
    let views = this.#views.get(relation);
    if (views === undefined) this.#views.set(relation, (views = new Map()));
    const name = `${sent.join()} ${lacksKey}`;
    let view = views.get(name);
    if (view === undefined) {
      view = { ...relation, identityColumns: sent };
      if (lacksKey) view = { ...view, keyColumns: [], keyRules: [], keyIsUnknown: true };
      views.set(name, view);
    }
    return view;
  }
}

function isAsDescribed(
  relation: RelationView,
  { kind, tuple }: OldTuple,
  isDelete: boolean,
): boolean {
  if (kind === 'full') return relation.leafKeys === undefined || isWhole(relation, tuple);
  const { identityColumns, keyColumns } = relation;
  if (identityColumns.length === 0) return false;
  for (const column of identityColumns) if (tuple.isNull(column)) return false;
  if (!isDelete || keyColumns === identityColumns) return true;
  return keyColumns.every((column) => identityColumns.includes(column));
}

/**
 * Of a row that has values in the columns of a key alone it cannot be told whether the rest is null or
 * was not sent.
 */
function isWhole({ keyColumns, leafKeys, columns }: RelationView, tuple: Tuple): boolean {
  if (keyColumns.some((column) => tuple.isNull(column))) return false;
  return leafKeys!.every(
    (key) =>
      key.length === 0 ||
      columns.some((_, column) => !tuple.isNull(column) && !key.includes(column)),
  );
}
