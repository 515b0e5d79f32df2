import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { type Connection, connect, disconnect, query } from '../../src/postgres/connection.ts';
import { PEEK_SETTINGS } from '../../src/postgres/session-settings.ts';
import { waitUntil } from '../kill/wait-until.ts';
import { createTestDatabase, isPooled } from '../support/database.ts';

const database = await createTestDatabase();

async function connected<T>(
  timeouts: { statementTimeoutMs?: number; lockTimeoutMs?: number },
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect({
    url: database.url,
    connectTimeoutMs: 10_000,
    applicationName: 'timeouts test',
    keepAliveMs: 30_000,
    ...timeouts,
  });
  try {
    return await use(connection);
  } finally {
    await disconnect(connection);
  }
}

const canceled = { code: 'database_statement_canceled', retryable: true };

it('the server ends a statement that takes too long', async () => {
  await connected({ statementTimeoutMs: 50 }, async (connection) => {
    await expect(query(connection, 'select pg_sleep(60)')).rejects.toMatchObject(canceled);
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

it('the server ends a statement that waits too long for a lock', async () => {
  await database.query('create table locked (id int)');
  const holder = await database.client();
  await holder.query('begin; lock table locked');
  await connected({ lockTimeoutMs: 50 }, async (connection) => {
    await expect(query(connection, 'select from public.locked')).rejects.toMatchObject(canceled);
  });
  await holder.end();
});

it("without any, the role's own holds", async () => {
  await database.query(`alter database ${database.name} set statement_timeout = '7s'`);
  await connected({}, async (connection) => {
    const show = `select current_setting('statement_timeout') as set`;
    expect(await query(connection, show)).toEqual([{ set: '7s' }]);
  });
});

// Behind a pooler the server's client is the pooler, which lives on.
it.skipIf(isPooled)('the server ends what reads WAL for a client that is gone', async () => {
  const reader = await database.client();
  const [session] = (await reader.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
  const reading = reader.query(`${PEEK_SETTINGS}; select pg_sleep(3600)`).catch(String);
  await waitUntil(
    database,
    `select from pg_stat_activity where pid = ${session!.pid} and wait_event = 'PgSleep'`,
  );

  // As when its process is killed: nothing is said to the server.
  (reader as unknown as { connection: { stream: Socket } }).connection.stream.destroy();

  await waitUntil(
    database,
    `select where not exists (select from pg_stat_activity where pid = ${session!.pid})`,
  );
  expect(await reading).toContain('Connection terminated');
});
