import { escapeIdentifier } from 'pg';
import { type Connection, query } from './connection.ts';
import { sqlState } from './failure.ts';
import { begin } from './statements.ts';

export type TableName = { readonly schema: string; readonly table: string };

export type PublicationState = {
  readonly allTables: boolean;
  readonly viaPartitionRoot: boolean;
  readonly publishesInserts: boolean;
  readonly publishesUpdates: boolean;
  readonly publishesDeletes: boolean;
  readonly publishesTruncates: boolean;
  /** Those it names, and those it comes to through schemas and partitions. */
  readonly tables: readonly TableName[];
};

const DUPLICATE_OBJECT = '42710';

/** null where there is none of that name. */
export async function readPublication(
  connection: Connection,
  name: string,
): Promise<PublicationState | null> {
  const [row] = await query<PublicationState>(
    connection,
    `select puballtables as "allTables", pubviaroot as "viaPartitionRoot",
            pubinsert as "publishesInserts", pubupdate as "publishesUpdates",
            pubdelete as "publishesDeletes", pubtruncate as "publishesTruncates"
     from pg_publication where pubname = $1`,
    [name],
  );
  if (row === undefined) return null;
  const tables = await query<TableName>(
    connection,
    `select schemaname as schema, tablename as table from pg_publication_tables where pubname = $1
     union
     select n.nspname, c.relname
     from pg_publication p
     join pg_publication_rel r on r.prpubid = p.oid
     join pg_class c on c.oid = r.prrelid
     join pg_namespace n on n.oid = c.relnamespace
     where p.pubname = $1
     order by 1, 2`,
    [name],
  );
  return { ...row, tables };
}

/**
 * Partitions are published as their root: receivers know the table, not how it is cut. So are stored
 * generated columns, where the server can (version 18): it refuses UPDATE and DELETE on a table whose
 * replica identity has one that is not published, also on one that is added later. False where another
 * session made it just before.
 */
export async function createPublication(
  connection: Connection,
  name: string,
  tables: readonly TableName[] | 'all',
  rehearsed: boolean,
): Promise<boolean> {
  const what = tables === 'all' ? 'all tables' : `table ${tables.map(quoteTable).join(', ')}`;
  try {
    const [server] = await query<{ version: number }>(
      connection,
      `select pg_catalog.current_setting('server_version_num')::int as version`,
    );
    const generated = server!.version >= 180_000 ? ', publish_generated_columns = stored' : '';
    const statement = `create publication ${escapeIdentifier(name)} for ${what}
       with (publish_via_partition_root = true${generated})`;
    await run(connection, statement, rehearsed);
    return true;
  } catch (error) {
    if (sqlState(error) === DUPLICATE_OBJECT) return false;
    throw error;
  }
}

export async function addTables(
  connection: Connection,
  name: string,
  tables: readonly TableName[],
  rehearsed: boolean,
): Promise<void> {
  const statement = `alter publication ${escapeIdentifier(name)} add table ${tables.map(quoteTable).join(', ')}`;
  await run(connection, statement, rehearsed);
}

/** Whose it is, and whether this role may drop and alter it; null where there is none. */
export async function readPublicationOwner(
  connection: Connection,
  name: string,
): Promise<{ readonly owner: string; readonly isOwn: boolean } | null> {
  const [row] = await query<{ owner: string; isOwn: boolean }>(
    connection,
    `select pg_catalog.pg_get_userbyid(pubowner) as owner,
            pg_catalog.pg_has_role(pubowner, 'usage') as "isOwn"
     from pg_catalog.pg_publication where pubname = $1`,
    [name],
  );
  return row ?? null;
}

/** `rehearsed`: it is taken back, and shows only whether this role may. */
async function run(connection: Connection, statement: string, rehearsed: boolean): Promise<void> {
  if (!rehearsed) {
    await query(connection, statement);
    return;
  }
  try {
    await begin(connection, statement);
  } catch (error) {
    await query(connection, 'rollback').catch(() => undefined);
    throw error;
  }
  await query(connection, 'rollback');
}

/** False where there was none. */
export async function dropPublication(connection: Connection, name: string): Promise<boolean> {
  const existed = await readPublication(connection, name);
  await query(connection, `drop publication if exists ${escapeIdentifier(name)}`);
  return existed !== null;
}

function quoteTable({ schema, table }: TableName): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
}
