import { type Connection, query } from './connection.ts';
import type { TableName } from './publication.ts';

/** The tables that a publication can hold. */
export const PUBLISHABLE = `c.relkind in ('r', 'p') and c.relpersistence = 'p' and c.oid >= 16384
  and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'`;

/** Those of the names that are tables a publication can hold. */
export function findTables(
  connection: Connection,
  names: readonly TableName[],
): Promise<readonly TableName[]> {
  return query<TableName>(
    connection,
    `select n.nspname as schema, c.relname as table
     from unnest($1::text[], $2::text[]) as wanted (schema, name)
     join pg_namespace n on n.nspname = wanted.schema
     join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
     where ${PUBLISHABLE}`,
    [names.map(({ schema }) => schema), names.map(({ table }) => table)],
  );
}

/**
 * Tables that Postgres refuses an UPDATE or DELETE on once they are published: no index tells their
 * rows apart in the WAL. What is asked of a partitioned table or a parent is asked of its children.
 * A deferrable primary key does not count.
 * @see https://www.postgresql.org/docs/current/logical-replication-publication.html#LOGICAL-REPLICATION-PUBLICATION-REPLICA-IDENTITY
 */
export function tablesWithoutIdentity(
  connection: Connection,
  among: readonly TableName[] | 'all',
  exceptSchema: string | null,
): Promise<readonly TableName[]> {
  const names = among === 'all' ? [] : among;
  return query<TableName>(
    connection,
    `with recursive asked (oid) as (
       select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where ${PUBLISHABLE} and ($1 or (n.nspname, c.relname) in (
         select wanted.schema, wanted.name from unnest($2::text[], $3::text[]) as wanted (schema, name)))
       union
       select i.inhrelid from pg_inherits i join asked on i.inhparent = asked.oid
     )
     select n.nspname as schema, c.relname as table
     from asked join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname is distinct from $4
       and c.relreplident <> 'f'
       and not exists (
         select from pg_index i
         where i.indrelid = c.oid and i.indisvalid and i.indimmediate
           and case c.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident end)
     order by 1, 2`,
    [
      among === 'all',
      names.map(({ schema }) => schema),
      names.map(({ table }) => table),
      exceptSchema,
    ],
  );
}

/**
 * Tables beside the published ones that came after the publication: hardly left out on purpose.
 * Object ids grow until they wrap around, so that the later one is the greater.
 */
export function newerTables(
  connection: Connection,
  publication: string,
  exceptSchema: string | null,
): Promise<readonly TableName[]> {
  return query<TableName>(
    connection,
    `with recursive published (oid) as (
       select format('%I.%I', schemaname, tablename)::regclass::oid
       from pg_publication_tables where pubname = $1
       union
       select i.inhrelid from pg_inherits i join published on i.inhparent = published.oid
     )
     select n.nspname as schema, c.relname as table
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where ${PUBLISHABLE} and n.nspname is distinct from $2
       and c.oid not in (select oid from published)
       and c.oid > (select oid from pg_publication where pubname = $1)
       and c.relnamespace in (select relnamespace from published join pg_class using (oid))
     order by 1, 2`,
    [publication, exceptSchema],
  );
}

/** Their texts hold no `_`, in whatever form an event is written. */
const WITHOUT_UNDERSCORE = `'{int2,int4,int8,numeric,float4,float8,bool,oid,uuid,date,time,timetz,
  timestamp,timestamptz,interval,inet,cidr,macaddr,macaddr8,bit,varbit,pg_lsn,bytea}'::regtype[]`;

/**
 * Tables with a key in which two columns or more may hold `_`: with that between them, two keys may be
 * one text. `keys`: those that are configured, by the table's name; else the replica identity's index
 * counts, and the primary key.
 */
export function tablesWithJoinedKeys(
  connection: Connection,
  among: readonly TableName[] | 'all',
  exceptSchema: string | null,
  keys: Readonly<Record<string, readonly string[]>>,
): Promise<readonly TableName[]> {
  const names = among === 'all' ? [] : among;
  return query<TableName>(
    connection,
    `with recursive base (oid, type) as (
       select t.oid, t.oid from pg_type t where t.typtype <> 'd'
       union all
       select t.oid, base.type from pg_type t join base on base.oid = t.typbasetype
       where t.typtype = 'd'
     ),
     configured as (
       select key as name, array(select jsonb_array_elements_text(value)) as columns
       from jsonb_each($5::jsonb)
     )
     select n.nspname as schema, c.relname as table
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     left join configured on configured.name = n.nspname || '.' || c.relname
     left join lateral (
       select i.indkey from pg_index i
       where i.indrelid = c.oid
         and case when c.relreplident = 'i' then i.indisreplident else i.indisprimary end
       limit 1
     ) key on true
     where ${PUBLISHABLE} and n.nspname is distinct from $4
       and ($1 or (n.nspname, c.relname) in (
         select wanted.schema, wanted.name from unnest($2::text[], $3::text[]) as wanted (schema, name)))
       and (
         select count(*)
         from pg_attribute a join base on base.oid = a.atttypid
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           and case when configured.name is null then a.attnum = any (key.indkey)
                    else a.attname = any (configured.columns) end
           and base.type <> all (${WITHOUT_UNDERSCORE})
       ) > 1
     order by 1, 2`,
    [
      among === 'all',
      names.map(({ schema }) => schema),
      names.map(({ table }) => table),
      exceptSchema,
      JSON.stringify(keys),
    ],
  );
}
