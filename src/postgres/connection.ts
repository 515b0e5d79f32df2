import { Client, type QueryResult, type QueryResultRow } from 'pg';
import { databaseError } from './failure.ts';

export type ConnectionOptions = {
  readonly url: string;
  readonly connectTimeoutMs: number;
  /** As pg_stat_activity shows it. */
  readonly applicationName: string;
};

export type Connection = Client;

/** Throws WalhookError: database_unreachable, database_auth_failed, database_missing, … */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const client = new Client({
    connectionString: options.url,
    connectionTimeoutMillis: options.connectTimeoutMs,
    application_name: options.applicationName,
    keepAlive: true,
  });
  // A connection that dies between two queries says so here; the next query says it again.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw databaseError(error);
  }
  return client;
}

/** Ends it without waiting for a server that may not answer. */
export async function disconnect(connection: Connection): Promise<void> {
  await connection.end().catch(() => undefined);
}

const lastUse = new WeakMap<Connection, Promise<unknown>>();

/**
 * Runs `use` once nobody else uses the connection: checkpoints, dead letters and look-ups share one,
 * each when it has something to say, and a connection answers one statement at a time.
 */
export function exclusively<T>(connection: Connection, use: () => Promise<T>): Promise<T> {
  const result = (lastUse.get(connection) ?? Promise.resolve()).then(use);
  lastUse.set(
    connection,
    result.catch(() => undefined),
  );
  return result;
}

/** One statement's rows. Throws WalhookError. */
export async function query<Row extends QueryResultRow>(
  connection: Connection,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    const use = (): Promise<QueryResult<Row>> => connection.query<Row>(text, [...values]);
    return (await exclusively(connection, use)).rows;
  } catch (error) {
    throw databaseError(error);
  }
}

/** Whether the server's word of a session is this connection's own: not so behind a pooler. */
export type OwnSession = { readonly pid: number; readonly startedAt: string };

/**
 * The server session behind the connection, or null where a pooler stands between: its process id is
 * not the one that the connection was told at its start, so the session is nobody's own.
 */
export async function ownSession(connection: Connection): Promise<OwnSession | null> {
  const [row] = await query<{ pid: number; started_at: string }>(
    connection,
    `select pid, to_json(backend_start) #>> '{}' as started_at
     from pg_stat_activity where pid = pg_backend_pid()`,
  );
  const told = (connection as { processID?: number | null }).processID;
  return row === undefined || row.pid !== told ? null : { pid: row.pid, startedAt: row.started_at };
}
