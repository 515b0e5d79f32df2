import {
  type CatalogMemory,
  type CatalogRecord,
  type Dated,
  isAlways,
  isFixed,
  NO_MEMORY,
  pastOf,
  pastOfFixed,
} from '../changes/catalog-past.ts';
import { typesWithin } from '../changes/dated-views.ts';
import type { KeyPast } from '../changes/key-past.ts';
import type { CatalogPast, RelationCatalog } from '../changes/relation-cache.ts';
import type { PgType } from '../changes/type-catalog.ts';
import { type Connection, query } from './connection.ts';
import { readServer } from './server.ts';
import { readTable } from './table-look.ts';
import { PostgresTypeCatalog } from './type-catalog.ts';

/** None of a composite type's attributes is collated loosely: those have collations of their own. */
const ATTRIBUTES_ARE_STRICT = `not exists (
  with recursive parts (oid) as (
    select a.atttypid
    union
    select part.oid
    from parts
    join pg_catalog.pg_type t on t.oid = parts.oid
    cross join lateral (
      values (t.typbasetype), (t.typelem)
      union all
      select inside.atttypid from pg_catalog.pg_attribute inside
      where t.typrelid <> 0 and inside.attrelid = t.typrelid and inside.attnum > 0
    ) part (oid)
    where part.oid <> 0
  )
  select from parts
  join pg_catalog.pg_type t on t.oid = parts.oid and t.typrelid <> 0
  join pg_catalog.pg_attribute inside on inside.attrelid = t.typrelid and inside.attnum > 0
  join pg_catalog.pg_collation inner_collation on inner_collation.oid = inside.attcollation
  where not inner_collation.collisdeterministic
)`;

/**
 * Types and primary keys as the catalog has them now, on a connection that is not reading a window,
 * and for which of the slot's changes they hold. What was read is kept: make one a drain.
 */
export class PostgresRelationCatalog implements RelationCatalog {
  readonly past: CatalogPast;
  holdsAnyBytes = false;
  readonly #connection: Connection;
  readonly #slot: string | null;
  readonly #memory: CatalogMemory;
  readonly #types: PostgresTypeCatalog;
  readonly #typePasts = new Map<number, readonly Dated<PgType>[]>();
  #records: readonly CatalogRecord[] = [];
  /** null: not asked yet. */
  #hasLooseCollations: boolean | null = null;

  constructor(
    connection: Connection,
    slot: string | null = null,
    memory: CatalogMemory = NO_MEMORY,
  ) {
    this.#connection = connection;
    this.#slot = slot;
    this.#memory = memory;
    this.#types = new PostgresTypeCatalog(slot);
    this.past = { type: (oid) => this.#typePast(oid), key: (id) => this.#keyPast(id) };
  }

  lookUp(oid: number): PgType | undefined {
    const now = this.#types.lookUp(oid);
    const past = this.#typePasts.get(oid);
    // What is gone, and was never made of anything else, is what it was.
    return past !== undefined && isAlways(past) ? past[0]!.shape : now;
  }

  /** Also what these were made of, as far as that is remembered. */
  async loadTypes(oids: readonly number[]): Promise<void> {
    this.#records = await this.#memory.recall();
    let missing = this.#types.missing(oids);
    while (missing.length > 0) {
      await this.#types.load(missing, async (text, params) => ({
        rows: await query(this.#connection, text, params),
      }));
      const within = typesWithin(oids, (oid) => this.#typePast(oid));
      missing = this.#types.missing(within.keys());
    }
  }

  noteEncoding(serverEncoding: string): void {
    this.holdsAnyBytes = serverEncoding === 'SQL_ASCII';
  }

  /** Whether there are collations at all that take different texts for equal: usually there is none. */
  noteCollations(hasLoose: boolean): void {
    this.#hasLooseCollations = hasLoose;
  }

  async enums(typeOids: readonly number[]): Promise<ReadonlySet<number>> {
    const rows = await query<{ oid: string }>(
      this.#connection,
      `select oid::text from pg_catalog.pg_type where typtype = 'e' and oid = any ($1::oid[])`,
      [typeOids],
    );
    return new Set(rows.map(({ oid }) => Number(oid)));
  }

  /** A column that is not there any more may have had any collation. */
  async looselyCollated(
    relationId: number,
    columns: readonly string[],
  ): Promise<ReadonlySet<string>> {
    this.#hasLooseCollations ??= (await readServer(this.#connection)).hasLooseCollations;
    if (!this.#hasLooseCollations) return new Set();
    const rows = await query<{ name: string }>(
      this.#connection,
      `select a.attname as name
       from pg_catalog.pg_attribute a
       left join pg_catalog.pg_collation c on c.oid = a.attcollation
       where a.attrelid = $1::oid and a.attname = any ($2::name[]) and not a.attisdropped
         and coalesce(c.collisdeterministic, true) and ${ATTRIBUTES_ARE_STRICT}`,
      [relationId, columns],
    );
    const strict = new Set(rows.map(({ name }) => name));
    return new Set(columns.filter((name) => !strict.has(name)));
  }

  async primaryKey(relationId: number): Promise<readonly string[]> {
    const { key } = await readTable(this.#connection, this.#slot, relationId);
    return key === null ? [] : key.shape.columns.map(({ name }) => name);
  }

  #typePast(oid: number): readonly Dated<PgType>[] {
    const known = this.#typePasts.get(oid);
    if (known !== undefined) return known;
    const looked = this.#types.seen(oid);
    const records = this.#records.flatMap((record) =>
      record.kind === 'type' && record.oid === oid ? [record] : [],
    );
    if (looked === undefined) return records;
    const { seen, at } = looked;
    const whole = pastOf(seen, at, records);
    const past = whole.every(({ shape }) => isFixed(shape)) ? pastOfFixed(whole) : whole;
    this.#typePasts.set(oid, past);
    if (seen !== null) {
      const { after } = past.at(-1)!;
      const { shape, version } = seen;
      this.#memory.note({ kind: 'type', oid, shape, version, after, through: at });
    }
    return past;
  }

  async #keyPast(relationId: number): Promise<KeyPast> {
    this.#records = await this.#memory.recall();
    const { table, key, at } = await readTable(this.#connection, this.#slot, relationId);
    const records = this.#records.flatMap((record) =>
      record.kind === 'key' && record.oid === relationId ? [record] : [],
    );
    const keys = pastOf(key, at, records);
    if (key !== null) {
      const { after } = keys.at(-1)!;
      const { shape, version } = key;
      this.#memory.note({ kind: 'key', oid: relationId, shape, version, after, through: at });
    }
    return { table, keys };
  }
}
