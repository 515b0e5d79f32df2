import type { Relation } from '../pgoutput/messages.ts';
import { type KeyFacts, keyRules } from './key-rule.ts';
import { needsPrimaryKey, type RelationView, relationView, withKeyRules } from './relation-view.ts';

/** What the protocol does not send and only the catalog tells. */
export interface RelationCatalog extends KeyFacts {
  /** Makes the types known that `lookUp` does not know yet. */
  loadTypes(oids: readonly number[]): Promise<void>;
  /** Column names of the primary key, empty where there is none, or no such relation any more. */
  primaryKey(relationId: number): Promise<readonly string[]>;
}

/** The relations of a stream, by id, each as its latest Relation message described it. */
export class RelationCache {
  readonly #catalog: RelationCatalog;
  readonly #configuredKeys: ReadonlyMap<string, readonly string[]>;
  readonly #views = new Map<number, RelationView>();
  readonly #prepared = new Map<string, RelationView>();

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
    const primaryKey =
      configured === undefined && needsPrimaryKey(relation)
        ? await this.#catalog.primaryKey(relation.relationId)
        : [];
    const view = relationView(relation, configured, primaryKey);
    const keyColumns = view.keyColumns.map((column) => view.columns[column]!);
    const rules = await keyRules(relation.relationId, keyColumns, this.#catalog);
    this.#prepared.set(key, withKeyRules(view, rules));
  }

  /** Changes of this relation id are read under this description from now on. */
  use(relation: Relation): void {
    const view = this.#prepared.get(describe(relation)) ?? relationView(relation, undefined, []);
    this.#views.set(relation.relationId, view);
  }

  get(relationId: number): RelationView | undefined {
    return this.#views.get(relationId);
  }
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
