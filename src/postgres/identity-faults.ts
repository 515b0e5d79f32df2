import { type Connection, query } from './connection.ts';
import { PUBLISHABLE } from './publishable-tables.ts';
import type { TableName } from './publication.ts';

/**
 * Why a published table is not as it should be, beside having no replica identity at all:
 *
 * - `full_generated`: replica identity full, and a generated column that is not published. From
 *   version 18 on Postgres refuses UPDATE and DELETE.
 * - `key_generated`: a generated column in the replica identity that is not published. From version 18
 *   on Postgres refuses UPDATE and DELETE; before, the key arrives without it.
 * - `column_list`: the column list lacks a column of the replica identity, and UPDATE and DELETE fail.
 * - `row_filter`: the row filter uses another column than those of it, and UPDATE and DELETE fail.
 */
export type IdentityFault = TableName & {
  readonly fault: 'full_generated' | 'key_generated' | 'column_list' | 'row_filter';
  readonly columns: readonly string[];
};

export type IdentityQuestion = {
  readonly among: readonly TableName[] | 'all';
  /** One that exists, with its lists, filters and options; null: one as walhook makes it. */
  readonly publication: string | null;
  /** Never published. */
  readonly exceptSchema: string | null;
};

/**
 * What Postgres would say at each UPDATE and DELETE of a table once it is published so, from the
 * catalog: to ask it by an UPDATE takes rights to the tables. A partition is looked at with its own
 * identity, and, where it is published as its root, with the list and the filter of that.
 * @see https://www.postgresql.org/docs/current/logical-replication-col-lists.html
 * @see https://www.postgresql.org/docs/current/logical-replication-row-filter.html
 */
export function identityFaults(
  connection: Connection,
  { among, publication, exceptSchema }: IdentityQuestion,
): Promise<readonly IdentityFault[]> {
  const names = among === 'all' ? [] : among;
  return query<IdentityFault>(connection, STATEMENT, [
    among === 'all',
    names.map(({ schema }) => schema),
    names.map(({ table }) => table),
    exceptSchema,
    publication,
  ]);
}

const STATEMENT = `
  with recursive server as (
    select pg_catalog.current_setting('server_version_num')::int >= 180000 as refuses_generated
  ), publication as (
    select p.oid, p.pubviaroot as via_root, pg_catalog.to_json(p) ->> 'pubgencols' as generated
    from pg_catalog.pg_publication p where p.pubname = $5
    union all
    select null, true, 's' where $5::text is null
  ), named as (
    -- Columns of later versions come from the row as json.
    select r.prrelid as relid, pg_catalog.to_json(r) ->> 'prqual' as filter,
           case when pg_catalog.json_typeof(pg_catalog.to_json(r) -> 'prattrs') = 'array'
                then pg_catalog.to_json(r) -> 'prattrs' end as list
    from pg_catalog.pg_publication_rel r join publication on publication.oid = r.prpubid
  ), asked (oid) as (
    select c.oid from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where ${PUBLISHABLE} and ($1 or (n.nspname, c.relname) in (
      select wanted.schema, wanted.name
      from unnest($2::text[], $3::text[]) as wanted (schema, name)))
    union
    select i.inhrelid from pg_catalog.pg_inherits i join asked on i.inhparent = asked.oid
  ), leaf as (
    select c.oid, n.nspname as schema, c.relname as name, c.relreplident = 'f' as is_full,
           c.relreplident as kind
    from asked join pg_catalog.pg_class c using (oid)
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname is distinct from $4
  ), chain (leaf, oid, level) as (
    select oid, oid, 0 from leaf
    union all
    select chain.leaf, i.inhparent, chain.level + 1
    from chain
    join pg_catalog.pg_class c on c.oid = chain.oid and c.relispartition
    join pg_catalog.pg_inherits i on i.inhrelid = chain.oid
  ), published_as as (
    select distinct on (chain.leaf) chain.leaf, named.relid, named.filter, named.list
    from chain join named on named.relid = chain.oid cross join publication
    where publication.via_root or chain.level = 0
    order by chain.leaf, chain.level desc
  ), identity as (
    select leaf.oid, a.attname as name, a.attgenerated as generated
    from leaf
    join pg_catalog.pg_index i on i.indrelid = leaf.oid and i.indisvalid and i.indimmediate
      and case leaf.kind when 'd' then i.indisprimary when 'i' then i.indisreplident end
    cross join lateral unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) as key (attnum)
    join pg_catalog.pg_attribute a on a.attrelid = leaf.oid and a.attnum = key.attnum
  ), listed as (
    select p.leaf, a.attname as name
    from published_as p
    cross join lateral pg_catalog.json_array_elements_text(p.list) as column_number
    join pg_catalog.pg_attribute a on a.attrelid = p.relid and a.attnum = column_number::int2
  ), filtered as (
    select distinct p.leaf, a.attname as name
    from published_as p
    cross join lateral pg_catalog.regexp_matches(p.filter, ':varattno (\\d+)', 'g') as variable
    join pg_catalog.pg_attribute a on a.attrelid = p.relid and a.attnum = variable[1]::int2
  ), faults as (
    select leaf.oid, 'full_generated' as fault, a.attname as name
    from leaf join pg_catalog.pg_attribute a on a.attrelid = leaf.oid and not a.attisdropped
    cross join publication cross join server
    where leaf.is_full and server.refuses_generated and a.attgenerated <> ''
      and (a.attgenerated = 'v' or publication.generated is distinct from 's')
    union all
    select identity.oid, 'key_generated', identity.name
    from identity cross join publication cross join server
    left join published_as p on p.leaf = identity.oid
    where identity.generated <> '' and not (server.refuses_generated and case
      when p.list is null then publication.generated = 's' and identity.generated = 's'
      else identity.name in (select name from listed where listed.leaf = identity.oid) end)
    union all
    select identity.oid, 'column_list', identity.name
    from identity join published_as p on p.leaf = identity.oid
    where p.list is not null
      and identity.name not in (select name from listed where listed.leaf = identity.oid)
      and identity.generated = ''
    union all
    select leaf.oid, 'column_list', a.attname
    from leaf join published_as p on p.leaf = leaf.oid
    join pg_catalog.pg_attribute a on a.attrelid = leaf.oid and a.attnum > 0 and not a.attisdropped
    where leaf.is_full and p.list is not null
    union all
    select leaf.oid, 'row_filter', filtered.name
    from leaf join filtered on filtered.leaf = leaf.oid
    where not leaf.is_full
      and filtered.name not in (select name from identity where identity.oid = leaf.oid)
  )
  select leaf.schema, leaf.name as table, faults.fault,
         pg_catalog.array_agg(faults.name::text order by faults.name) as columns
  from faults join leaf using (oid)
  group by 1, 2, 3 order by 1, 2, 3`;
