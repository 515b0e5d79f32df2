import type { Lsn } from '../pgoutput/lsn.ts';
import type { Relation } from '../pgoutput/messages.ts';
import { type Dated, heldAt, isAlways, type KeyShape, type Span } from './catalog-past.ts';

/** A table as a look at the catalog finds it. */
export type TableSeen = {
  /** false: it is not there any more. */
  readonly exists: boolean;
  readonly isPartitioned: boolean;
  /** Of those of its partitions that have no replica identity full: the columns that theirs has. */
  readonly leafKeys: readonly (readonly string[])[];
  /** It had an index, and has none. */
  readonly lostIndex: boolean;
  /** Its columns in their order, those that were dropped among them. */
  readonly columns: readonly {
    readonly number: number;
    readonly name: string;
    readonly typeOid: number;
    readonly isDropped: boolean;
  }[];
};

export type KeyPast = { readonly table: TableSeen; readonly keys: readonly Dated<KeyShape>[] };

/** Names of the key's columns as the relation has them; null where it is not known which they are. */
export type KnownKey = readonly string[] | null;

/**
 * Which primary key a relation had at a change, where the protocol does not tell it (replica identity
 * full or nothing). Between two looks that found different keys, the transaction that made the later
 * one tells: what an older transaction changed was changed under the key before it.
 */
export class DatedKey {
  readonly #past: KeyPast;
  readonly #keys: readonly KnownKey[];

  constructor(past: KeyPast, relation: Relation) {
    this.#past = past;
    this.#keys = past.keys.map(({ shape }) => namesIn(relation, shape, past));
  }

  /** Each key that `at` may tell. */
  get all(): readonly KnownKey[] {
    return [...this.#keys, null];
  }

  /**
   * What partitions may send of an old row that is called whole; null for a table that is not
   * partitioned. A table that is gone may have been.
   */
  get leafKeys(): readonly (readonly string[])[] | null {
    const { table, keys } = this.#past;
    if (!table.isPartitioned && keys.every(({ shape }) => shape.isPartitioned !== true))
      return null;
    return [...this.#keys.filter((key) => key !== null), ...table.leafKeys];
  }

  get spans(): readonly Span[] {
    return this.#past.keys;
  }

  get isAlwaysTheSame(): boolean {
    return isAlways(this.#past.keys);
  }

  at(lsn: Lsn, xid: number | null): KnownKey {
    const { keys, table } = this.#past;
    const proven = heldAt(keys, lsn);
    if (proven !== undefined) return this.#keys[keys.indexOf(proven)]!;
    const next = keys.findIndex(({ after }) => after >= lsn);
    const before = next === -1 ? keys.length - 1 : next - 1;
    if (next === -1) return this.#keys[before] ?? null;
    const later = keys[next]!.shape;
    if (before >= 0 && isSameKey(keys[before]!.shape, later)) return this.#keys[next]!;
    if (isUnder(later, xid)) return this.#keys[next]!;
    if (before >= 0) return this.#keys[before]!;
    // A table that has no key, and no sign that it ever had one, had none.
    return later.columns.length === 0 && !table.lostIndex ? this.#keys[next]! : null;
  }
}

function isUnder({ xid }: KeyShape, changedBy: number | null): boolean {
  // Transaction ids wrap around.
  return xid !== null && changedBy !== null && ((changedBy - xid) | 0) >= 0;
}

/** Whatever its columns are called. */
function isSameKey(a: KeyShape, b: KeyShape): boolean {
  return (
    a.columns.length === b.columns.length &&
    a.columns.every(({ number }, index) => number === b.columns[index]!.number)
  );
}

function namesIn(relation: Relation, { columns }: KeyShape, past: KeyPast): KnownKey {
  const names = columns.map((column) => nameIn(relation, column, past));
  if (names.every((name) => name !== undefined)) return names;
  // A publication's column list may leave out a part of the key: then there is none, and that is known.
  const live = past.table.columns.filter(({ isDropped }) => !isDropped);
  return past.table.exists && relation.columns.length < live.length ? [] : null;
}

/** A column may have been called otherwise then. */
function nameIn(
  { columns }: Relation,
  { number, name }: KeyShape['columns'][number],
  { table, keys }: KeyPast,
): string | undefined {
  const isThere = (wanted: string): boolean => columns.some((column) => column.name === wanted);
  if (isThere(name)) return name;
  const otherNames = keys.flatMap(({ shape }) =>
    shape.columns.filter((column) => column.number === number).map((column) => column.name),
  );
  const other = otherNames.find(isThere);
  if (other !== undefined) return other;
  // Columns of a table keep their places; where none is gone and none left out, the place tells.
  const isSameRow =
    table.columns.length === columns.length &&
    table.columns.every(
      ({ isDropped, typeOid }, index) => !isDropped && typeOid === columns[index]!.typeOid,
    );
  return isSameRow ? columns[number - 1]?.name : undefined;
}
