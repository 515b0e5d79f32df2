import { expect, it } from 'vitest';
import { type Connection, connect, disconnect, query } from '../../src/postgres/connection.ts';
import { createTestDatabase } from '../support/database.ts';

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
    await expect(query(connection, 'select from locked')).rejects.toMatchObject(canceled);
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
