import { sql } from 'drizzle-orm';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { drizzle, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { Client } from 'pg';
import { stateTables, type StateTables } from './schema.ts';
import { checkSchemaName } from './schema-name.ts';
import type { StateClient } from './state-client.ts';

/** The state tables and the connection that leads to them. */
export type StateDatabase = {
  /** A connection, or a transaction on it. */
  readonly db: PgDatabase<NodePgQueryResultHKT>;
  readonly tables: StateTables;
  readonly schemaName: string;
  /** The database's own, as Postgres names it. Asked for once. */
  readonly readEncoding: () => Promise<string>;
};

/** Throws WalhookError config_invalid for a schema name that cannot be one. */
export function openStateDatabase(client: StateClient, schemaName: string): StateDatabase {
  checkSchemaName(schemaName);
  // drizzle asks for a whole pg.Client and calls nothing but its query().
  const db = drizzle({ client: client as Client });
  let encoding: Promise<string> | null = null;
  const readEncoding = (): Promise<string> =>
    (encoding ??= askEncoding(db).catch((error: unknown) => {
      encoding = null;
      throw error;
    }));
  return { db, tables: stateTables(schemaName), schemaName, readEncoding };
}

async function askEncoding(db: StateDatabase['db']): Promise<string> {
  const { rows } = await db.execute<{ encoding: string }>(
    sql`select current_setting('server_encoding') as encoding`,
  );
  return rows[0]!.encoding;
}

/**
 * What the client threw. drizzle wraps it in an error whose message prints every parameter:
 * checkpoints, dead letters' bodies and all.
 */
export function driverError(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

/**
 * The server's code, also of a failure that the client's owner has put into words of its own.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function sqlState(error: unknown): string | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^[0-9A-Z]{5}$/.test(at.code)) {
      return at.code;
    }
  }
  return null;
}
