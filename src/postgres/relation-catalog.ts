import type { PgType } from '../changes/type-catalog.ts';
import type { RelationCatalog } from '../changes/relation-cache.ts';
import { type Connection, query } from './connection.ts';
import { readServer } from './server.ts';
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

/** Types and primary keys as the catalog has them now, on a connection that is not reading a window. */
export class PostgresRelationCatalog implements RelationCatalog {
  readonly #connection: Connection;
  readonly #types = new PostgresTypeCatalog();
  /** null: not asked yet. */
  #hasLooseCollations: boolean | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  lookUp(oid: number): PgType | undefined {
    return this.#types.lookUp(oid);
  }

  async loadTypes(oids: readonly number[]): Promise<void> {
    await this.#types.load(oids, async (text, params) => ({
      rows: await query(this.#connection, text, params),
    }));
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
    const rows = await query<{ name: string }>(
      this.#connection,
      `select a.attname as name
       from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
       where i.indrelid = $1::oid and i.indisprimary
       order by a.attnum`,
      [relationId],
    );
    return rows.map((row) => row.name);
  }
}
