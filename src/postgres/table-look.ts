import type { KeyShape, Seen } from '../changes/catalog-past.ts';
import type { TableSeen } from '../changes/key-past.ts';
import { type Lsn, parseLsn } from '../pgoutput/lsn.ts';
import { catalogXmin, isOlderThan, LOOKED_AT } from './catalog-age.ts';
import { type Connection, query } from './connection.ts';

export type TableLook = {
  readonly at: Lsn;
  readonly table: TableSeen;
  /** Of a table without a primary key, one without columns; null: there is no such table. */
  readonly key: Seen<KeyShape> | null;
};

type TableRow = {
  readonly looked_at: string;
  readonly exists: boolean;
  readonly lost_index: boolean;
  readonly is_partitioned: boolean;
  /** Each a JSON list. */
  readonly leaf_keys: readonly string[] | null;
  readonly columns: readonly (readonly [number, string, string, boolean])[] | null;
  readonly key: readonly (readonly [number, string])[] | null;
  /** Of the transaction that made the key. */
  readonly key_xid: string | null;
  readonly version: string | null;
  readonly proof: 'slot' | 'untouched' | null;
};

/** pg_partition_tree locks nothing, and gives nothing for a table that is gone. */
const LEAF_KEYS = `(
  select json_agg(distinct leaf.columns::text)
  from (
    select (select json_agg(a.attname order by a.attname)
            from pg_catalog.pg_index i
            join pg_catalog.pg_attribute a
              on a.attrelid = i.indrelid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1])
            where i.indrelid = l.oid
              and case l.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident end)
    from pg_catalog.pg_partition_tree(c.oid) tree
    join pg_catalog.pg_class l on l.oid = tree.relid
    where tree.isleaf and l.relreplident <> 'f'
  ) leaf (columns)
  where leaf.columns is not null
)`;

/**
 * A key of which the rows of the catalog were all written by the transaction that made the table, or
 * before the oldest one that the slot may still send, was no other one. An index' included columns are
 * no part of the key.
 */
const TABLE_SQL = `
  with slot as materialized (select ${catalogXmin('$2')} as catalog_xmin)
  select ${LOOKED_AT}::text as looked_at, coalesce(c.relkind = 'p', false) as is_partitioned,
         case when c.relkind = 'p' then ${LEAF_KEYS} end as leaf_keys,
         c.oid is not null as exists,
         coalesce(c.relhasindex and not exists (
           select from pg_catalog.pg_index where indrelid = c.oid), false) as lost_index,
         (select json_agg(json_build_array(attnum, attname, atttypid::text, attisdropped) order by attnum)
          from pg_catalog.pg_attribute where attrelid = c.oid and attnum > 0) as columns,
         key.columns as key, key.xid as key_xid, key.version,
         case when key.is_settled then 'slot' when key.is_untouched then 'untouched' end as proof
  from (select $1::oid as oid) wanted
  left join pg_catalog.pg_class c on c.oid = wanted.oid
  left join lateral (
    select json_agg(json_build_array(a.attnum, a.attname) order by a.attnum) as columns,
           min(i.xmin::text) as xid,
           string_agg(concat_ws(':', i.xmin::text, a.attnum, a.xmin::text), ' ' order by a.attnum) as version,
           bool_and(${isOlderThan('i.xmin')} and ${isOlderThan('a.xmin')}) as is_settled,
           bool_and(i.xmin::text = born.xid and a.xmin::text = born.xid) as is_untouched
    from pg_catalog.pg_index i
    join pg_catalog.pg_attribute a
      on a.attrelid = i.indrelid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1])
    left join lateral (
      select d.xmin::text as xid
      from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_type'::regclass and d.objid = c.reltype
        and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = c.oid
        and d.deptype = 'i'
    ) born on true
    where i.indrelid = c.oid and i.indisprimary
  ) key on true`;

/** A table's columns and its primary key as they are now. Throws WalhookError. */
export async function readTable(
  connection: Connection,
  slot: string | null,
  relationId: number,
): Promise<TableLook> {
  const [row] = await query<TableRow>(connection, TABLE_SQL, [relationId, slot]);
  const { exists, columns, key, key_xid: xid, proof, version } = row!;
  const table = {
    exists,
    lostIndex: row!.lost_index,
    isPartitioned: row!.is_partitioned,
    leafKeys: (row!.leaf_keys ?? []).map((text) => JSON.parse(text) as string[]),
    columns: (columns ?? []).map(([number, name, typeOid, isDropped]) => ({
      number,
      name,
      typeOid: Number(typeOid),
      isDropped,
    })),
  };
  const keyColumns = (key ?? []).map(([number, name]) => ({ number, name }));
  const shape = {
    columns: keyColumns,
    xid: xid === null ? null : Number(xid),
    isPartitioned: table.isPartitioned,
  };
  const seen = { shape, version: version ?? '', proof };
  return { at: parseLsn(row!.looked_at), table, key: exists ? seen : null };
}
