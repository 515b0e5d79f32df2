import { expect, test } from 'vitest';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import { describeTransaction } from '../../src/operations/describe.ts';
import { destroy } from '../../src/operations/destroy.ts';
import { type Diagnosis, doctor } from '../../src/operations/doctor/doctor.ts';
import { peek } from '../../src/operations/peek.ts';
import { readStatus } from '../../src/operations/status.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { reachEndpoint } from '../../src/runtime/reach-endpoint.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { configOf, diagnosed, initialize } from './operations-config.ts';

async function peeked(config: ResolvedConfig, limit: number): Promise<Record<string, unknown>[]> {
  const events: Record<string, unknown>[] = [];
  const print = (json: string): void => {
    events.push(JSON.parse(json) as Record<string, unknown>);
  };
  await withPipeline(config, nodePlatform, (access) =>
    peek(access, { limit, keys: new Map(), print }),
  );
  return events;
}

async function statusOf(config: ResolvedConfig) {
  const now = nodePlatform.clock.now();
  return withPipeline(config, nodePlatform, (access) => readStatus(access, now));
}

/** Not its restart_lsn, which the WAL of other databases may move on whenever somebody looks. */
async function slotRow(database: TestDatabase): Promise<unknown> {
  return database.query(
    'select confirmed_flush_lsn from pg_replication_slots where slot_name = $1',
    [database.name],
  );
}

test('peek prints what waits, as a drain would send it, and leaves slot and state as they are', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await database.query('create table orders (id int primary key, amount numeric)');
  await initialize(config);
  await database.query('insert into orders select n, n * 1.5 from generate_series(1, 20) n');
  const before = [await slotRow(database), await database.query('select * from walhook.pipelines')];

  const events = await peeked(config, 3);
  expect(events.map((event) => [event['op'], event['after']])).toEqual([
    ['insert', { id: 1, amount: '1.5' }],
    ['insert', { id: 2, amount: '3.0' }],
    ['insert', { id: 3, amount: '4.5' }],
  ]);
  expect(await peeked(config, 1_000)).toHaveLength(20);
  const after = [await slotRow(database), await database.query('select * from walhook.pipelines')];
  expect(after).toEqual(before);
});

test("peek looks past more of walhook's own changes than its first look asks for", async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await database.query('create table orders (id int primary key)');
  await initialize(config);
  await database.query(`
    insert into walhook.runs select 'run' || n, 'x', now(), now(), 'held', '{}' from generate_series(1, 1500) n;
    insert into orders values (1), (2)`);
  const events = await peeked(config, 10);
  expect(events.map(({ table }) => table)).toEqual(['orders', 'orders']);
});

test('status tells lag, checkpoints, totals and runs, and that all is well', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }] },
    'create table orders (id int primary key)',
  );
  await pipeline.database.query('insert into orders select generate_series(1, 7)');
  await pipeline.drain();
  const status = await statusOf(pipeline.config);
  expect(status).toMatchObject({
    troubles: [],
    lease: null,
    publication: { exists: true },
    slot: { exists: true, wal_status: 'reserved', lag_bytes: expect.any(Number) },
    endpoints: [{ name: 'hooks', state: 'active', delivered: 7, dead_letters: 0 }],
    runs: [{ status: 'caught_up', report: { events: 7 } }],
  });
});

test('status says first that an endpoint is held, and why', async () => {
  const receiver = await startReceiver(() => 503);
  const retry = { attempts: 1 };
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url, retry }] },
    'create table orders (id int primary key)',
  );
  await pipeline.database.query('insert into orders values (1)');
  await pipeline.drain();
  const { troubles, endpoints } = await statusOf(pipeline.config);
  expect(endpoints[0]).toMatchObject({ state: 'held', reason: expect.stringContaining('503') });
  expect(troubles).toEqual([
    expect.stringMatching(/^The endpoint "hooks" takes nothing \(.*503.*\): its events wait/),
  ]);
});

test('status of a pipeline that was never set up says what to run', async () => {
  const database = await createTestDatabase();
  const { troubles, slot, endpoints } = await statusOf(configOf(database));
  expect(slot.exists).toBe(false);
  expect(endpoints).toMatchObject([{ name: 'out', state: 'new' }]);
  expect(troubles.join('\n')).toContain('Run walhook init.');
});

test('status shows who drains', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await initialize(config);
  await database.query(`update walhook.pipelines
    set lease_owner = 'somebody', lease_expires_at = now() + interval '1 hour'`);
  expect((await statusOf(config)).lease).toMatchObject({ owner: 'somebody' });
});

test('doctor finds nothing wrong with a pipeline that was just set up', async () => {
  const receiver = await startReceiver();
  const database = await createTestDatabase();
  const endpoint = { name: 'hooks', type: 'http', url: receiver.url } as const;
  const config = configOf(database, { endpoints: [endpoint] });
  await database.query('create table orders (id int primary key)');
  await initialize(config);
  const found = await diagnosed(config);
  expect([...found.values()].filter(({ status }) => status === 'failed')).toEqual([]);
  expect(found.get('endpoint hooks')?.status).toBe('ok');
  expect(receiver.requests).toEqual([]);
  // The test server bounds nothing.
  expect(found.get('WAL')).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('disk fills'),
  });
});

test('doctor names what is missing, and goes on after each failure', async () => {
  const database = await createTestDatabase();
  const endpoint = { name: 'hooks', type: 'http', url: 'http://127.0.0.1:1/' } as const;
  const found = await diagnosed(configOf(database, { endpoints: [endpoint] }));
  expect(found.get('publication')).toMatchObject({
    status: 'failed',
    remedy: expect.stringContaining('walhook init'),
  });
  expect(found.get('slot')).toMatchObject({ status: 'failed' });
  expect(found.get('state tables')).toMatchObject({ status: 'failed' });
  expect(found.get('endpoint hooks')).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('ECONNREFUSED'),
  });
});

test('doctor warns of an endpoint that is sent what can be read on its way', async () => {
  const receiver = await startReceiver();
  const database = await createTestDatabase();
  const unencrypted = 'events cross the network unencrypted';
  const found: Diagnosis[] = [];
  await doctor(
    {
      withPipeline: (look) => withPipeline(configOf(database), nodePlatform, look),
      endpoints: [{ name: 'hooks', url: receiver.url, unencrypted }],
      reach: reachEndpoint,
      now: () => nodePlatform.clock.now(),
    },
    (diagnosis) => found.push(diagnosis),
  );
  expect(found.at(-1)).toMatchObject({
    status: 'warning',
    found: expect.stringContaining(`takes connections, and ${unencrypted}`),
  });
});

test('doctor warns of tables that are newer, without identity, or sent as their partitions', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await database.query(`create table orders (id int primary key); create table logs (line text);
    create publication walhook for table orders, logs`);
  await initialize(config);
  await database.query('create table invoices (id int primary key)');
  const found = await diagnosed(config);
  expect(found.get('tables not published')?.found).toContain('public.invoices');
  expect(found.get('replica identity')?.found).toContain('public.logs');
  expect(found.get('publish_via_partition_root')?.status).toBe('warning');
});

test('a prepared transaction that keeps WAL is found, and named with the statement that ends it', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await database.query('create table orders (id int primary key)');
  await initialize(config);
  const client = await database.client();
  await client.query('begin; insert into orders values (1)');
  await client.query(`prepare transaction '${database.name}'`);
  const open = await withPipeline(config, nodePlatform, (access) =>
    access.database.openTransactions(0),
  );
  expect(open).toContainEqual(
    expect.objectContaining({ kind: 'prepared', id: database.name, database: database.name }),
  );
  expect(open.map(describeTransaction).join('; ')).toContain(
    `rollback prepared '${database.name}'`,
  );
  await client.query(`rollback prepared '${database.name}'`);
});

test('destroy drops slot, publication and state, and finds nothing the second time', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await initialize(config);
  const once = async (): Promise<string[]> => {
    const steps: string[] = [];
    await withPipeline(config, nodePlatform, (access) =>
      destroy(access, ({ subject, outcome }) => steps.push(`${subject} ${outcome}`)),
    );
    return steps;
  };
  expect(await once()).toEqual(['slot dropped', 'publication dropped', 'state dropped']);
  expect(await slotRow(database)).toEqual([]);
  expect(await once()).toEqual(['slot not_there', 'publication not_there', 'state not_there']);
});

test('doctor and init name partitions with another replica identity than their table', async () => {
  const database = await createTestDatabase();
  await database.query(`
    create table parts (id int primary key, name text) partition by range (id);
    create table parts_1 partition of parts for values from (0) to (10);
    create table parts_2 partition of parts for values from (10) to (20);
    alter table parts replica identity full; alter table parts_2 replica identity full`);
  const config = configOf(database);
  const steps = await initialize(config);
  expect(steps.find(({ outcome }) => outcome === 'warning')?.text).toMatch(
    /^public\.parts_1: partitions with another replica identity than public\.parts/,
  );
  expect((await diagnosed(config)).get('replica identity')).toMatchObject({ status: 'warning' });

  await database.query('alter table parts_1 replica identity full');
  expect((await diagnosed(config)).get('replica identity')).toMatchObject({ status: 'ok' });
});
