import { type Connection, query } from './connection.ts';
import type { TableName } from './publication.ts';

export type UnlikeLeaf = { readonly leaf: TableName; readonly root: TableName };

/** The columns that a table's old rows are logged with; all of them, by `full`. */
const identityOf = (table: string): string => `coalesce(
  case ${table}.relreplident when 'f' then '["full"]' else (
    select json_agg(a.attname order by a.attname)::text
    from pg_catalog.pg_index i
    join pg_catalog.pg_attribute a
      on a.attrelid = i.indrelid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1])
    where i.indrelid = ${table}.oid and i.indisvalid and i.indimmediate
      and case ${table}.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident end
  ) end, '')`;

/**
 * Partitions that are published as a table with another replica identity: the server describes it by
 * the table, and logs what the partition's own asks for.
 */
export async function unlikeLeaves(
  connection: Connection,
  publication: string,
): Promise<readonly UnlikeLeaf[]> {
  const rows = await query<Record<'schema' | 'table' | 'root_schema' | 'root_table', string>>(
    connection,
    `select leaf_names.nspname as schema, leaf.relname as table,
            names.nspname as root_schema, root.relname as root_table
     from pg_catalog.pg_publication p
     join pg_catalog.pg_publication_tables t on t.pubname = p.pubname
     join pg_catalog.pg_namespace names on names.nspname = t.schemaname
     join pg_catalog.pg_class root on root.relnamespace = names.oid and root.relname = t.tablename
     cross join lateral pg_catalog.pg_partition_tree(root.oid) tree
     join pg_catalog.pg_class leaf on leaf.oid = tree.relid
     join pg_catalog.pg_namespace leaf_names on leaf_names.oid = leaf.relnamespace
     where p.pubname = $1 and p.pubviaroot and (p.pubupdate or p.pubdelete)
       and root.relkind = 'p' and tree.isleaf and leaf.relkind = 'r'
       and ${identityOf('leaf')} <> ${identityOf('root')}
     order by 1, 2`,
    [publication],
  );
  return rows.map(({ schema, table, root_schema: rootSchema, root_table: rootTable }) => ({
    leaf: { schema, table },
    root: { schema: rootSchema, table: rootTable },
  }));
}
