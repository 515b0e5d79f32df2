import { expect, test } from 'vitest';
import { ConfigError, defineConfig, drain, env } from '../../src/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';
import { secret } from '../support/secrets.ts';
import { configOf, initialize } from './operations-config.ts';

test("a function of one's own drains in a few lines", async () => {
  const receiver = await startReceiver();
  const database = await createTestDatabase();
  await initialize(configOf(database));
  await database.query('create table orders (id int primary key); insert into orders values (1)');

  const config = defineConfig({
    database: { url: database.url },
    slot: database.name,
    endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }],
  });
  const report = await drain(config, { deadlineMs: 20_000, env: {} });

  expect(report).toMatchObject({ status: 'caught_up', events: 1, error: null });
  expect(receiver.events()).toMatchObject([{ op: 'insert', table: 'orders' }]);
});

test('a log of its own is told no secret, whatever an endpoint says', async () => {
  const receiver = await startReceiver(({ headers }) => ({
    status: 401,
    body: `unknown: ${String(headers.authorization)}`,
  }));
  const database = await createTestDatabase();
  await initialize(configOf(database));
  await database.query('create table orders (id int primary key); insert into orders values (1)');
  const told: unknown[] = [];
  const log = (message: string, fields?: object): void => void told.push(message, fields);
  const config = defineConfig({
    database: { url: database.url },
    slot: database.name,
    endpoints: [
      {
        name: 'hooks',
        type: 'http',
        url: receiver.url,
        auth: { type: 'bearer', token: secret('token') },
        retry: { attempts: 1 },
      },
    ],
  });
  await drain(config, { env: {}, log: { debug: log, info: log, warn: log } });

  expect(JSON.stringify(told)).toContain('HTTP 401: unknown: Bearer ***');
  expect(JSON.stringify(told)).not.toContain(secret('token'));
});

test('a library call rejects for a wrong configuration alone; else what went wrong is in the report', async () => {
  const endpoints = [{ name: 'hooks', type: 'stdout' }] as const;
  const wrong = drain({ database: { url: 'nowhere' }, endpoints: [...endpoints] }, { env: {} });
  await expect(wrong).rejects.toBeInstanceOf(ConfigError);
  const url = `postgres://me:${secret('database')}@127.0.0.1:1/shop`;
  const variables = { DATABASE_URL: url };
  const report = await drain(
    { database: { url: env('DATABASE_URL') }, endpoints: [...endpoints] },
    { env: variables },
  );
  expect(report).toMatchObject({ status: 'failed', error: { code: 'database_unreachable' } });
  expect(JSON.stringify(report)).not.toContain(secret('database'));
});

test('a drain whose signal was aborted before ends without a delivery', async () => {
  const receiver = await startReceiver();
  const database = await createTestDatabase();
  await initialize(configOf(database));
  await database.query('create table orders (id int primary key); insert into orders values (1)');
  const endpoint = { name: 'hooks', type: 'http', url: receiver.url } as const;
  const config = { database: { url: database.url }, slot: database.name, endpoints: [endpoint] };
  const report = await drain(config, { signal: AbortSignal.abort(), env: {} });
  expect(report.error).toBeNull();
  expect(report.status).toBe('deadline');
});
