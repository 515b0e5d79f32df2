import type { Relation, RelationColumn, ReplicaIdentity } from '../pgoutput/messages.ts';
import { builtinKeyRule, type KeyRule } from './key-rule.ts';
import type { RelationMark } from './relation-mark.ts';
import type { TypeCatalog } from './type-catalog.ts';

/**
 * A relation as its changes are read from here on: the server's description, and the columns that
 * identify a row. A table that changes its shape gets a new view; events keep the one they came under.
 */
export type RelationView = {
  readonly relationId: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
  /** Indexes of the key's columns, in column order; empty for a table without any key. */
  readonly keyColumns: readonly number[];
  /** How values of each of the key's columns are told apart. */
  readonly keyRules: readonly KeyRule[];
  /** Indexes of the columns that an old tuple of kind `key` carries. */
  readonly identityColumns: readonly number[];
  /** A hash of the table's name, which every key's hash starts from. */
  readonly seed: number;
  readonly mark: RelationMark;
  /** The types that its columns are made of, where those of the catalog may be others than then. */
  readonly types?: TypeCatalog;
  /** Columns whose values are text, because it is not known how their type was made then. */
  readonly asText?: ReadonlySet<RelationColumn>;
  /**
   * Of a partitioned table under replica identity full: the columns, by index, that its partitions may
   * send of an old row where they have another one.
   */
  readonly leafKeys?: readonly (readonly number[])[];
  /** It may have a key; which one is not known. */
  readonly keyIsUnknown?: true;
};

/**
 * Where a row's key comes from, first match wins: the configuration, the replica identity's columns,
 * the primary key. Under replica identity full every column is flagged and under nothing none is, so
 * the flags say nothing there and only the primary key can.
 */
export function relationView(
  relation: Relation,
  configuredKey: readonly string[] | undefined,
  primaryKey: readonly string[],
): RelationView {
  const identityColumns = indexesWhere(relation.columns, (column) => column.isKey);
  const named =
    configuredKey ??
    (relation.replicaIdentity === 'full' || identityColumns.length === 0 ? primaryKey : undefined);
  const keyColumns =
    named === undefined
      ? identityColumns
      : indexesWhere(relation.columns, (column) => named.includes(column.name));
  // A key with a column missing (left out by the publication's column list) identifies nothing.
  const whole = named === undefined || keyColumns.length === named.length ? keyColumns : [];
  const name = `${relation.schema}.${relation.table}`;
  const view = {
    relationId: relation.relationId,
    schema: relation.schema,
    table: relation.table,
    replicaIdentity: relation.replicaIdentity,
    columns: relation.columns,
    keyColumns: whole,
    keyRules: [],
    identityColumns,
    seed: hashText(name),
    mark: { relationId: relation.relationId, name: digestOf(name), digest: '' },
  };
  return withKeyRules(
    view,
    whole.map((column) => builtinKeyRule(relation.columns[column]!.typeOid)),
  );
}

/** The view, where more is known of its key's columns than their types tell. */
export function withKeyRules(view: RelationView, keyRules: readonly KeyRule[]): RelationView {
  const columns = view.columns.map((c) => [c.name, c.typeOid, c.typeModifier, c.isKey]);
  const { mark, replicaIdentity, keyColumns } = view;
  const described = [mark.relationId, mark.name, replicaIdentity, columns, keyColumns, keyRules];
  return { ...view, keyRules, mark: { ...mark, digest: digestOf(JSON.stringify(described)) } };
}

/** True where the relation's own description does not tell its key. */
export function needsPrimaryKey(relation: Relation): boolean {
  return relation.replicaIdentity === 'full' || !relation.columns.some((column) => column.isKey);
}

function indexesWhere(
  columns: readonly RelationColumn[],
  test: (column: RelationColumn) => boolean,
): number[] {
  return columns.flatMap((column, index) => (test(column) ? [index] : []));
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Two hashes from two beginnings: 16 hexadecimal digits. */
function digestOf(text: string): string {
  return [hashText(text), hashText(`again ${text}`)]
    .map((hash) => (hash >>> 0).toString(16).padStart(8, '0'))
    .join('');
}

function hashText(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

/** Continues an FNV-1a hash over bytes[start, end). */
export function hashBytes(hash: number, bytes: Uint8Array, start: number, end: number): number {
  let next = hash;
  for (let i = start; i < end; i++) next = Math.imul(next ^ bytes[i]!, FNV_PRIME);
  return next;
}
