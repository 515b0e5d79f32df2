import type { Client, QueryConfig, QueryResult, QueryResultRow, Submittable } from 'pg';
import { databaseError } from './failure.ts';
import type { Connection } from './open-connection.ts';
import { ownSession, startOfTransaction, transactionMode } from './own-session.ts';
import { PinnedStatement } from './pinned-statement.ts';
import { PIN } from './session-settings.ts';

/**
 * All statements of walhook's on a connection that is open go through here. In a session of its own
 * everything is pinned once; behind a pooler each transaction begins with it, in the same message:
 * one that could do without would find functions and operators of other roles in place of the
 * server's.
 */

const lastUse = new WeakMap<Connection, Promise<unknown>>();

/**
 * Runs `use` once nobody else uses the connection: checkpoints, dead letters and look-ups share one,
 * each when it has something to say, and a connection answers one statement at a time.
 */
function exclusively<T>(connection: Connection, use: () => Promise<T>): Promise<T> {
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
  return (await execute<Row>(connection, { text, values: [...values] })).rows;
}

/** One statement, also one that begins or ends a transaction. Throws WalhookError. */
export async function execute<Row extends QueryResultRow>(
  connection: Connection,
  statement: QueryConfig,
): Promise<QueryResult<Row>> {
  try {
    return await exclusively(connection, () => executeNext<Row>(connection, statement));
  } catch (error) {
    throw databaseError(error);
  }
}

/**
 * Several statements in one text, which are one transaction, also behind a pooler; the last one's
 * rows. Throws WalhookError.
 */
export async function queryTogether<Row extends QueryResultRow>(
  connection: Connection,
  statements: readonly string[],
  types?: QueryConfig['types'],
): Promise<Row[]> {
  const text = [...startOfTransaction(connection), ...statements].join('; ');
  return (await inOneText<Row>(connection, { text, types })).rows;
}

/** Begins a transaction, and runs what it is to begin with. Throws WalhookError. */
export async function begin(connection: Connection, ...statements: string[]): Promise<void> {
  const text = ['begin', ...startOfTransaction(connection), ...statements].join('; ');
  await inOneText(connection, { text });
}

/** Within a transaction that is begun: whoever reads the answer as it comes has the connection. */
export function submit<T extends Submittable>(connection: Connection, submittable: T): T {
  return driver(connection).query(submittable);
}

function executeNext<Row extends QueryResultRow>(
  connection: Connection,
  statement: QueryConfig,
): Promise<QueryResult<Row>> {
  const client = driver(connection);
  const isPinned = ownSession(connection) !== null || client.getTransactionStatus() !== 'I';
  if (isPinned) return client.query<Row>(statement);
  return /^\s*begin\b/i.test(statement.text)
    ? client.query<Row>([statement.text, ...startOfTransaction(connection)].join('; ')).then(last)
    : executePinned<Row>(client, statement);
}

async function executePinned<Row extends QueryResultRow>(
  client: Client,
  statement: QueryConfig,
): Promise<QueryResult<Row>> {
  const before = [`begin isolation level ${transactionMode(client)}`, PIN];
  try {
    return await new Promise<QueryResult<Row>>((resolve, reject) => {
      const done = (error: Error | null | undefined, result: QueryResult): void =>
        error ? reject(error) : resolve(result as QueryResult<Row>);
      client.query(new PinnedStatement(statement, before, done));
    });
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function inOneText<Row extends QueryResultRow>(
  connection: Connection,
  statement: QueryConfig,
): Promise<QueryResult<Row>> {
  try {
    return last(await exclusively(connection, () => driver(connection).query<Row>(statement)));
  } catch (error) {
    throw databaseError(error);
  }
}

/** Several statements in one text come back as an array, which the types do not tell. */
function last<Row extends QueryResultRow>(
  results: QueryResult<Row> | readonly QueryResult<Row>[],
): QueryResult<Row> {
  return [results].flat().at(-1)!;
}

/** The only place that may. */
function driver(connection: Connection): Client {
  return connection as Client;
}
