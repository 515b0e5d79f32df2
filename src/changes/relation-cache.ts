import type { Relation } from '../pgoutput/messages.ts';
import { type Dated, isAlways } from './catalog-past.ts';
import { DatedViews, typesWithin } from './dated-views.ts';
import { type KeyFacts, keyRules } from './key-rule.ts';
import { DatedKey, type KeyPast, type KnownKey } from './key-past.ts';
import { needsPrimaryKey, type RelationView, relationView, withKeyRules } from './relation-view.ts';
import type { PgType } from './type-catalog.ts';

/** What the protocol does not send and only the catalog tells. */
export interface RelationCatalog extends KeyFacts {
  /** Makes the types known that `lookUp` does not know yet. */
  loadTypes(oids: readonly number[]): Promise<void>;
  /** Column names of the primary key, empty where there is none, or no such relation any more. */
  primaryKey(relationId: number): Promise<readonly string[]>;
  /** What has been otherwise for a part of the changes; absent: what it tells was always so. */
  readonly past?: CatalogPast | undefined;
}

export interface CatalogPast {
  /** How the type was made, in which parts of the WAL. Of a type that `loadTypes` was asked for. */
  type(oid: number): readonly Dated<PgType>[];
  key(relationId: number): Promise<KeyPast>;
}

/** The relations of a stream, by id, each as its latest Relation message described it. */
export class RelationCache {
  readonly #catalog: RelationCatalog;
  readonly #configuredKeys: ReadonlyMap<string, readonly string[]>;
  readonly #views = new Map<number, RelationView>();
  /** Of those whose view depends on where a change stands. */
  readonly #dated = new Map<number, DatedViews>();
  readonly #prepared = new Map<string, RelationView | DatedViews>();

  constructor(
    catalog: RelationCatalog,
    configuredKeys: ReadonlyMap<string, readonly string[]> = new Map(),
  ) {
    this.#catalog = catalog;
    this.#configuredKeys = configuredKeys;
  }

  /**
   * Asks the catalog for what the relation's changes will need. Call it before `use`, which must not
   * wait. The server describes a relation again in every window: the same description is the same view.
   */
  async prepare(relation: Relation): Promise<void> {
    const key = describe(relation);
    if (this.#prepared.has(key)) return;
    const unknown = relation.columns
      .map((column) => column.typeOid)
      .filter((oid) => this.#catalog.lookUp(oid) === undefined);
    if (unknown.length > 0) await this.#catalog.loadTypes(unknown);
    const configured = this.#configuredKeys.get(`${relation.schema}.${relation.table}`);
    const asksForKey = configured === undefined && needsPrimaryKey(relation);
    const { past } = this.#catalog;
    const viewOf = (named: readonly string[] | undefined): Promise<RelationView> =>
      this.#viewOf(relation, configured, named ?? []);
    if (past !== undefined) {
      const asksForTable = asksForKey || relation.replicaIdentity === 'full';
      const table = asksForTable ? await past.key(relation.relationId) : null;
      const dated = table === null ? null : new DatedKey(table, relation);
      const leafKeys = relation.replicaIdentity === 'full' ? (dated?.leafKeys ?? null) : null;
      const told = async (named: readonly string[] | undefined): Promise<RelationView> =>
        withLeafKeys(await viewOf(named), leafKeys);
      const holdsAnyBytes = this.#catalog.holdsAnyBytes === true;
      const datedKey = asksForKey ? dated : null;
      this.#prepared.set(key, await datedView(relation, told, datedKey, past, holdsAnyBytes));
    } else {
      const primaryKey = asksForKey ? await this.#catalog.primaryKey(relation.relationId) : [];
      this.#prepared.set(key, await viewOf(primaryKey));
    }
  }

  async #viewOf(
    relation: Relation,
    configured: readonly string[] | undefined,
    primaryKey: readonly string[],
  ): Promise<RelationView> {
    const view = relationView(relation, configured, primaryKey);
    const keyColumns = view.keyColumns.map((column) => view.columns[column]!);
    return withKeyRules(view, await keyRules(relation.relationId, keyColumns, this.#catalog));
  }

  /** Changes of this relation id are read under this description from now on. */
  use(relation: Relation): void {
    const view = this.#prepared.get(describe(relation)) ?? relationView(relation, undefined, []);
    if (view instanceof DatedViews) {
      this.#dated.set(relation.relationId, view);
    } else {
      this.#dated.delete(relation.relationId);
      this.#views.set(relation.relationId, view);
    }
  }

  /** As it is for a change at that LSN by that transaction. */
  get(
    relationId: number,
    lsnHigh: number,
    lsnLow: number,
    xid: number | null,
  ): RelationView | undefined {
    if (this.#dated.size > 0) {
      const dated = this.#dated.get(relationId);
      if (dated !== undefined) return dated.at(lsnHigh, lsnLow, xid);
    }
    return this.#views.get(relationId);
  }
}

function withLeafKeys(
  view: RelationView,
  leafKeys: readonly (readonly string[])[] | null,
): RelationView {
  if (leafKeys === null) return view;
  const indexes = leafKeys.map((names) =>
    view.columns.flatMap(({ name }, index) => (names.includes(name) ? [index] : [])),
  );
  return { ...view, leafKeys: indexes };
}

/** The relation's one view, where nothing that it needs of the catalog can have been otherwise. */
async function datedView(
  relation: Relation,
  viewOf: (key: readonly string[] | undefined) => Promise<RelationView>,
  key: DatedKey | null,
  past: CatalogPast,
  holdsAnyBytes: boolean,
): Promise<RelationView | DatedViews> {
  const types = typesWithin(
    relation.columns.map(({ typeOid }) => typeOid),
    (oid) => past.type(oid),
  );
  const isKeyFixed = key === null || key.isAlwaysTheSame;
  const byKey = new Map<KnownKey | undefined, RelationView>();
  for (const each of key === null ? [undefined] : key.all) {
    const view = await viewOf(each ?? undefined);
    byKey.set(each, each === null ? { ...view, keyIsUnknown: true } : view);
  }
  const [first] = byKey.values();
  if (isKeyFixed && [...types.values()].every(isAlways)) return first!;
  return new DatedViews(relation, types, key, byKey, holdsAnyBytes);
}

function describe(relation: Relation): string {
  const columns = relation.columns.map((c) => [c.name, c.typeOid, c.typeModifier, c.isKey]);
  return JSON.stringify([
    relation.relationId,
    relation.schema,
    relation.table,
    relation.replicaIdentity,
    columns,
  ]);
}
