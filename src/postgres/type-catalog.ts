import { builtinTypeCatalog } from '../changes/builtin-types.ts';
import type { Seen } from '../changes/catalog-past.ts';
import type { CompositeAttribute, PgType, TypeCatalog } from '../changes/type-catalog.ts';
import { type Lsn, parseLsn, ZERO_LSN } from '../pgoutput/lsn.ts';
import { catalogXmin, isOlderThan, LOOKED_AT } from './catalog-age.ts';

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
  /** Of a composite: another one after each change of its attributes. */
  readonly version: string;
  readonly proof: 'slot' | 'untouched' | null;
  readonly looked_at: string;
};

/**
 * The wanted types and all that they are made of, in one statement. An array is what array_in reads:
 * typelem alone also marks points, names and vectors. Its delimiter is its element's.
 * A composite is as it was made where its attributes were written by the command that wrote that it
 * and its relation belong together: nothing writes that again.
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
  slot as materialized (select ${catalogXmin('$2')} as catalog_xmin),
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
         a.attname::text as attribute_name, a.atttypid::text as attribute_oid,
         coalesce(made.version, '') as version, ${LOOKED_AT}::text as looked_at,
         case when made.is_settled then 'slot'
              when coalesce(made.is_untouched, true) then 'untouched' end as proof
  from wanted
  join kinds k on k.oid = wanted.oid
  left join pg_catalog.pg_type e on e.oid = k.inner_oid
  left join pg_catalog.pg_attribute a
    on k.kind = 'composite' and a.attrelid = k.typrelid and a.attnum > 0 and not a.attisdropped
  left join lateral (
    select d.xmin::text as xid, d.cmin::text as cid
    from pg_catalog.pg_depend d
    where k.kind = 'composite' and d.deptype = 'i'
      and d.classid = 'pg_catalog.pg_class'::regclass and d.objid = k.typrelid
      and d.refclassid = 'pg_catalog.pg_type'::regclass and d.refobjid = k.oid
    union all
    select d.xmin::text, d.cmin::text
    from pg_catalog.pg_depend d
    where k.kind = 'composite' and d.deptype = 'i'
      and d.classid = 'pg_catalog.pg_type'::regclass and d.objid = k.oid
      and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = k.typrelid
  ) born on true
  left join lateral (
    select encode(sha256(
             string_agg(x.attnum || ':' || x.xmin::text, ' ' order by x.attnum)::bytea), 'hex') as version,
           bool_and(${isOlderThan('x.xmin')}) as is_settled,
           bool_and(coalesce(x.xmin::text = born.xid and x.cmin::text = born.cid, false)) as is_untouched
    from pg_catalog.pg_attribute x
    where k.kind = 'composite' and x.attrelid = k.typrelid and x.attnum > 0
  ) made on true
  order by k.oid, a.attnum`;

/** `at`: when it was looked for; null: it was not there. */
export type TypeLook = { readonly seen: Seen<PgType> | null; readonly at: Lsn };

const GONE: TypeLook = { seen: null, at: ZERO_LSN };

/**
 * The built-in types, and those read from pg_type so far. What was read is kept: a type altered
 * later is seen by a new catalog, so make one a drain.
 */
export class PostgresTypeCatalog implements TypeCatalog {
  readonly #slot: string | null;
  readonly #loaded = new Map<number, PgType>();
  readonly #looks = new Map<number, TypeLook>();

  /** `slot`: for whose changes what was seen may be known to hold. */
  constructor(slot: string | null = null) {
    this.#slot = slot;
  }

  lookUp(oid: number): PgType | undefined {
    return builtinTypeCatalog.lookUp(oid) ?? this.#loaded.get(oid);
  }

  /** What `load` found of it; undefined where that was not asked for it. */
  seen(oid: number): TypeLook | undefined {
    return this.#looks.get(oid);
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
    const { rows } = await query(TYPES_SQL, [missing, this.#slot]);
    for (const oid of missing) {
      this.#loaded.set(oid, { kind: 'scalar' });
      this.#looks.set(oid, GONE);
    }
    for (const [oid, rowsOfType] of groupByOid(rows)) {
      const shape = toType(rowsOfType);
      const [{ version, proof, looked_at: at }] = rowsOfType;
      this.#loaded.set(oid, shape);
      const name = shape.kind === 'composite' ? version : JSON.stringify(shape);
      this.#looks.set(oid, { seen: { shape, version: name, proof }, at: parseLsn(at) });
    }
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
