import { builtinTypeCatalog } from '../changes/builtin-types.ts';
import type { CompositeAttribute, PgType, TypeCatalog } from '../changes/type-catalog.ts';

/** One parameterised statement on a connection that is free to run it; pg's `client.query` does. */
export type CatalogQuery = (
  text: string,
  params: unknown[],
) => Promise<{ readonly rows: readonly TypeRow[] }>;

/** Oids as text: a driver's parsers may read the type oid as they like. */
type TypeRow = {
  readonly oid: string;
  readonly kind: PgType['kind'];
  readonly inner_oid: string;
  readonly delimiter: string;
  /** A composite has a row an attribute, in order; one row without a name where it has none. */
  readonly attribute_name: string | null;
  readonly attribute_oid: string | null;
};

/**
 * The wanted types and all that they are made of, in one statement. An array is what array_in reads:
 * typelem alone also marks points, names and vectors. Its delimiter is its element's.
 */
const TYPES_SQL = `
  with recursive kinds as not materialized (
    select t.oid, t.typrelid,
           case when t.typinput = 'pg_catalog.array_in'::regproc then 'array'
                when t.typtype = 'd' then 'domain'
                when t.typtype = 'c' then 'composite'
                else 'scalar' end as kind,
           case when t.typtype = 'd' then t.typbasetype else t.typelem end as inner_oid
    from pg_catalog.pg_type t
  ),
  wanted (oid) as (
    select unnest($1::oid[])
    union
    select part.oid
    from wanted
    join kinds k on k.oid = wanted.oid
    cross join lateral (
      select k.inner_oid where k.kind in ('array', 'domain')
      union all
      select a.atttypid
      from pg_catalog.pg_attribute a
      where k.kind = 'composite' and a.attrelid = k.typrelid and a.attnum > 0 and not a.attisdropped
    ) part (oid)
  )
  select k.oid::text, k.kind, k.inner_oid::text, coalesce(e.typdelim, ',')::text as delimiter,
         a.attname::text as attribute_name, a.atttypid::text as attribute_oid
  from wanted
  join kinds k on k.oid = wanted.oid
  left join pg_catalog.pg_type e on e.oid = k.inner_oid
  left join pg_catalog.pg_attribute a
    on k.kind = 'composite' and a.attrelid = k.typrelid and a.attnum > 0 and not a.attisdropped
  order by k.oid, a.attnum`;

/**
 * The built-in types, and those read from pg_type so far. What was read is kept: a type altered
 * later is seen by a new catalog, so make one a drain.
 */
export class PostgresTypeCatalog implements TypeCatalog {
  readonly #loaded = new Map<number, PgType>();

  lookUp(oid: number): PgType | undefined {
    return builtinTypeCatalog.lookUp(oid) ?? this.#loaded.get(oid);
  }

  /** Those of `oids` that `load` has to be asked for before their values are written. */
  missing(oids: Iterable<number>): number[] {
    return [...new Set(oids)].filter((oid) => this.lookUp(oid) === undefined);
  }

  /**
   * Reads the missing ones of `oids`, and every type that these are made of. One that is not in
   * pg_type (any more: changes outlive types) counts as scalar, and is not asked for again.
   * Rejects with what `query` rejects with.
   */
  async load(oids: Iterable<number>, query: CatalogQuery): Promise<void> {
    const missing = this.missing(oids);
    if (missing.length === 0) return;
    const { rows } = await query(TYPES_SQL, [missing]);
    for (const oid of missing) this.#loaded.set(oid, { kind: 'scalar' });
    for (const [oid, rowsOfType] of groupByOid(rows)) this.#loaded.set(oid, toType(rowsOfType));
  }
}

function groupByOid(rows: readonly TypeRow[]): Map<number, [TypeRow, ...TypeRow[]]> {
  const groups = new Map<number, [TypeRow, ...TypeRow[]]>();
  for (const row of rows) {
    const oid = Number(row.oid);
    const group = groups.get(oid);
    if (group === undefined) groups.set(oid, [row]);
    else group.push(row);
  }
  return groups;
}

function toType(rows: readonly [TypeRow, ...TypeRow[]]): PgType {
  const [{ kind, inner_oid: innerOid, delimiter }] = rows;
  switch (kind) {
    case 'scalar':
      return { kind };
    case 'array':
      return { kind, elementOid: Number(innerOid), delimiter };
    case 'domain':
      return { kind, baseOid: Number(innerOid) };
    case 'composite':
      return { kind, attributes: rows.flatMap(toAttribute) };
  }
}

function toAttribute(row: TypeRow): CompositeAttribute[] {
  if (row.attribute_name === null) return [];
  return [{ name: row.attribute_name, typeOid: Number(row.attribute_oid) }];
}
