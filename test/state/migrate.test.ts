import { describe, expect, test } from 'vitest';
import type { StateStore } from '../../src/drain/state-store.ts';
import { WalhookError } from '../../src/errors/walhook-error.ts';
import { createStateStore } from '../../src/state/create-state-store.ts';
import { MIGRATIONS } from '../../src/state/migrations.generated.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  acquire,
  deadLetter,
  leaseRequest,
  openRegisteredStore,
  parkedBatch,
  progressOf,
  RECORD,
} from './registered-store.ts';
import { sessionOf, untilBlocked } from './server-sessions.ts';

const ALL = MIGRATIONS.map(({ name }) => name);
const PAUSE = { reason: 'maintenance', parks: false };
const neverCalled = () => Promise.reject(new Error('was called'));
const RUN = {
  runId: 'run',
  pipeline: 'shop',
  startedAt: new Date(0),
  finishedAt: new Date(0),
  status: 'caught_up',
  report: {},
};

async function storeIn(database: TestDatabase, schema = 'walhook'): Promise<StateStore> {
  return createStateStore({ client: await database.client(), schema });
}

describe('migrating', () => {
  test('creates everything once', async () => {
    const store = await storeIn(await createTestDatabase());
    expect(await store.migrate()).toEqual(ALL);
    expect(await store.migrate()).toEqual([]);
    await expect(store.assertReady()).resolves.toBeUndefined();
  });

  test('many at once: one does it, all succeed', async () => {
    const database = await createTestDatabase();
    for (const schema of ['one', 'two', 'three', 'four']) {
      const stores = await Promise.all(Array.from({ length: 8 }, () => storeIn(database, schema)));
      const applied = await Promise.all(stores.map((store) => store.migrate()));
      expect(applied.flat()).toEqual(ALL);
      await expect(stores[0]!.assertReady()).resolves.toBeUndefined();
    }
  });

  test('many at once, where the schema is there already', async () => {
    const database = await createTestDatabase();
    await database.query('create schema walhook');
    const stores = await Promise.all(Array.from({ length: 8 }, () => storeIn(database)));
    const applied = await Promise.all(stores.map((store) => store.migrate()));
    expect(applied.flat()).toEqual(ALL);
  });

  test('sees what another did while it waited, whatever isolation the session asks for', async () => {
    const { database, client, store } = await openRegisteredStore();
    await client.query(`set default_transaction_isolation = 'repeatable read'`);
    const { pid } = await sessionOf(client);
    const newer = await database.client();
    await newer.query('begin; lock table walhook.migrations in share row exclusive mode');

    const answer = store.migrate().catch((error: unknown) => error);
    await untilBlocked(database, pid);
    await newer.query(`insert into walhook.migrations values ('9999_later'); commit`);

    expect(await answer).toMatchObject({ code: 'state_outdated' });
  });

  test('needs no right to create schemas where an administrator made this one', async () => {
    const database = await createTestDatabase();
    const role = `role_${database.name}`;
    await database.query(`create role ${role}; create schema walhook authorization ${role}`);
    const client = await database.client();
    await client.query(`set role ${role}`);
    const store = createStateStore({ client, schema: 'walhook' });

    const applied = await store.migrate();
    await client.query('reset role');
    await database.query(`drop owned by ${role}; drop role ${role}`);

    expect(applied).toEqual(ALL);
  });

  test('a failure in the middle leaves nothing behind', async () => {
    const database = await createTestDatabase();
    await database.query('create schema walhook; create table walhook.runs (mine int)');
    const store = await storeIn(database);
    await expect(store.migrate()).rejects.toMatchObject({
      code: 'config_invalid',
      detail: 'walhook',
    });
    expect(
      await database.query(
        `select relname::text as name from pg_class
         where relnamespace = 'walhook'::regnamespace and relkind = 'r'`,
      ),
    ).toEqual([{ name: 'runs' }]);
  });

  test('a migrations table that is not ours is left alone', async () => {
    const database = await createTestDatabase();
    await database.query('create schema walhook; create table walhook.migrations (version int)');
    const store = await storeIn(database);
    await expect(store.migrate()).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(store.assertReady()).rejects.toMatchObject({ code: 'config_invalid' });
  });

  test('does not touch tables that a newer version made', async () => {
    const { database, store } = await openRegisteredStore();
    await database.query(`insert into walhook.migrations values ('9999_later')`);
    await expect(store.migrate()).rejects.toMatchObject({ code: 'state_outdated' });
    expect(await store.loadPipeline('shop')).toEqual(RECORD);
  });
});

describe.each([
  ['we"ird', 'has a quote'],
  ["o'clock", 'has an apostrophe'],
  ['Ünïcode $& $1 schéma', 'has spaces and replacement patterns'],
  ['select', 'is a key word'],
  ['UPPER', 'is in capitals'],
  ['x".pipelines; drop schema "x', 'wants to be a statement'],
  ['a'.repeat(63), 'is as long as can be'],
])('a schema name that needs quoting: %s', (schema) => {
  test('does everything that walhook does', async () => {
    const { database, store } = await openRegisteredStore(schema);
    const lease = await acquire(store);
    await store.saveProgress(lease, 60_000, [progressOf()]);
    await store.addDeadLetters(lease, [deadLetter()]);
    await store.redriveDeadLetter('shop', 1n, () => Promise.resolve({ kind: 'delivered' }));
    await store.park(lease, [parkedBatch()]);
    expect(await store.loadParked('shop', 'orders', 0n, 1)).toHaveLength(1);
    expect((await store.settledInStore('shop')).get('orders')).toHaveLength(1);
    await store.pauseEndpoint('shop', 'orders', PAUSE);
    await store.recordRun(RUN, 1_000);
    await store.releaseLease(lease, null);
    expect(await store.loadEndpoints('shop')).toHaveLength(1);
    const rows = `
      select nspname::text as name from pg_namespace
      where nspname !~ '^pg_' and nspname not in ('public', 'information_schema')`;
    expect(await database.query(rows)).toEqual([{ name: schema }]);
    await store.destroyPipeline('shop');
    expect(await database.query(rows)).toEqual([]);
  });
});

test.each([
  ['', 'is empty'],
  ['public', 'has to be a schema of its own'],
  ['information_schema', 'has to be a schema of its own'],
  ['pg_walhook', 'begins with pg_'],
  ['a\0b', 'null character'],
  ['ü'.repeat(32), 'longer than 63 bytes'],
])('a schema cannot be named %j', async (schema, problem) => {
  const client = await (await createTestDatabase()).client();
  expect(() => createStateStore({ client, schema })).toThrowError(
    expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(problem) }),
  );
});

describe('tables that are not as they should be', () => {
  const lease = { pipeline: 'shop', token: 1n };
  const methods: readonly (readonly [string, (store: StateStore) => Promise<unknown>])[] = [
    ['assertReady', (store) => store.assertReady()],
    ['registerPipeline', (store) => store.registerPipeline(RECORD)],
    ['loadPipeline', (store) => store.loadPipeline('shop')],
    ['acquireLease', (store) => store.acquireLease(leaseRequest())],
    ['renewLease', (store) => store.renewLease(lease, 1)],
    ['releaseLease', (store) => store.releaseLease(lease, null)],
    ['loadHeadway', (store) => store.loadHeadway('shop')],
    ['loadEndpoints', (store) => store.loadEndpoints('shop')],
    ['saveProgress', (store) => store.saveProgress(lease, 1, [progressOf()])],
    ['addDeadLetters', (store) => store.addDeadLetters(lease, [deadLetter()])],
    ['countDeadLetters', (store) => store.countDeadLetters('shop')],
    ['listDeadLetters', (store) => store.listDeadLetters('shop', {}, 1)],
    ['findDeadLetters', (store) => store.findDeadLetters('shop', {})],
    ['redriveDeadLetter', (store) => store.redriveDeadLetter('shop', 1n, neverCalled)],
    ['discardDeadLetters', (store) => store.discardDeadLetters('shop', {})],
    ['park', (store) => store.park(lease, [parkedBatch()])],
    ['loadParked', (store) => store.loadParked('shop', 'orders', 0n, 1)],
    ['saveProgress, to forget', (store) => store.saveProgress(lease, 60_000, [], [1n])],
    ['countParked', (store) => store.countParked('shop')],
    ['settledInStore', (store) => store.settledInStore('shop')],
    ['pauseEndpoint', (store) => store.pauseEndpoint('shop', 'orders', PAUSE)],
    ['resumeEndpoint', (store) => store.resumeEndpoint('shop', 'orders')],
    ['recordRun', (store) => store.recordRun(RUN, 1)],
    ['listRuns', (store) => store.listRuns('shop', 1)],
    ['forgetCheckpoints', (store) => store.forgetCheckpoints('shop')],
    ['destroyPipeline', (store) => store.destroyPipeline('shop')],
  ];

  test('are missing, and every method says so, with or without the schema', async () => {
    const database = await createTestDatabase();
    await database.query('create schema empty');
    for (const schema of ['nowhere', 'empty']) {
      const store = await storeIn(database, schema);
      for (const [name, call] of methods) {
        await expect(call(store), `${name} in ${schema}`).rejects.toMatchObject({
          code: 'state_missing',
          detail: schema,
        });
      }
    }
  });

  test('are missing, also where the client puts failures into words of its own', async () => {
    const client = await (await createTestDatabase()).client();
    const store = createStateStore({
      client: {
        query: (query, values) =>
          client.query(query, values).catch((cause: Error) => {
            throw new WalhookError('database_query_failed', cause.message, { cause });
          }),
      },
      schema: 'walhook',
    });
    await expect(store.loadPipeline('shop')).rejects.toMatchObject({ code: 'state_missing' });
    expect(await store.migrate()).toEqual(ALL);
  });

  test('are older, and the missing migrations are named', async () => {
    const { database, store } = await openRegisteredStore();
    await database.query('delete from walhook.migrations');
    const outdated = { code: 'state_outdated', message: expect.stringContaining(ALL.join(', ')) };
    await expect(store.assertReady()).rejects.toMatchObject(outdated);
    await database.query('alter table walhook.endpoints drop column failed_attempts');
    await expect(store.loadEndpoints('shop')).rejects.toMatchObject(outdated);
  });

  test('are newer, and walhook is what has to be upgraded', async () => {
    const { database, store } = await openRegisteredStore();
    await database.query(`insert into walhook.migrations values ('9999_later')`);
    await expect(store.assertReady()).rejects.toMatchObject({
      code: 'state_outdated',
      message: expect.stringContaining('9999_later'),
      remedy: expect.stringContaining('Upgrade walhook'),
    });
  });
});

test('a failure of another kind comes through as the client threw it, without the parameters', async () => {
  const { client, store } = await openRegisteredStore();
  const lease = await acquire(store);
  await client.query('set default_transaction_read_only = on');
  const failure = await store
    .addDeadLetters(lease, [deadLetter({ body: 'a secret' })])
    .then(() => null)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: '25006' });
  expect(String(failure)).not.toContain('a secret');
});
