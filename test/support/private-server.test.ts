import { expect, test } from 'vitest';
import { createTestDatabase, serverMajorVersion } from './database.ts';
import { startPrivateServer } from './private-server.ts';

test('a private server is of the version under test, and can be configured and broken', async () => {
  const server = await startPrivateServer({ wal_level: 'replica' });
  expect(server.majorVersion).toBe(serverMajorVersion);
  const database = await createTestDatabase(server.url());
  expect(await database.query('show wal_level')).toEqual([{ wal_level: 'replica' }]);
  await server.restart('immediate');
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
});
