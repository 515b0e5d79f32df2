import { type Connection, query } from './connection.ts';

export type PublishedShapes = {
  readonly typeOids: readonly number[];
  /** Tables whose replica identity does not tell their key, by id. */
  readonly fullIdentity: readonly number[];
};

const FIRST_OID_OF_USERS = 16_384;

/** Of the published tables the types that are not built in, and which of them have to be asked for a key. */
export async function publishedShapes(
  connection: Connection,
  publication: string,
): Promise<PublishedShapes> {
  const [row] = await query<{ types: readonly string[] | null; tables: readonly string[] | null }>(
    connection,
    `with published as (
       select c.oid, c.relreplident
       from pg_catalog.pg_publication_tables t
       join pg_catalog.pg_namespace n on n.nspname = t.schemaname
       join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t.tablename
       where t.pubname = $1
     )
     select (select json_agg(distinct a.atttypid::text)
             from published p join pg_catalog.pg_attribute a on a.attrelid = p.oid
             where a.attnum > 0 and a.atttypid >= ${FIRST_OID_OF_USERS}) as types,
            (select json_agg(p.oid::text) from published p
             where p.relreplident in ('f', 'n')) as tables`,
    [publication],
  );
  return {
    typeOids: (row!.types ?? []).map(Number),
    fullIdentity: (row!.tables ?? []).map(Number),
  };
}
