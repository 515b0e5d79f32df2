import { afterAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import type { ResolvedConfig, WalhookConfig } from '../../src/config/schema.ts';
import { destroy } from '../../src/operations/destroy.ts';
import { doctor, type Diagnosis } from '../../src/operations/doctor/doctor.ts';
import { readMetrics } from '../../src/operations/metrics.ts';
import { pauseEndpoint, resumeEndpoint } from '../../src/operations/pause-endpoint.ts';
import { peek } from '../../src/operations/peek.ts';
import type { PipelineAccess } from '../../src/operations/pipeline.ts';
import { readStatus } from '../../src/operations/status.ts';
import { disconnect } from '../../src/postgres/connection.ts';
import { WalProbe } from '../../src/postgres/wal-probe.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { connectToSource } from '../../src/runtime/connections.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { runDrain } from '../../src/runtime/run-drain.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';
import { secret } from '../support/secrets.ts';
import { callsOf, plantLookAlikes } from './look-alikes.ts';
import { initialize } from './operations-config.ts';
import { redrive } from './refused-events.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** With the documented least role, in a database where every name is found elsewhere first. */
async function hostileDatabase(searchPath: string) {
  const database = await createTestDatabase();
  const role = `${database.name}_least`;
  await database.query(`set search_path = pg_catalog;
    create role ${role} login replication password '${secret('least')}';
    create table public.orders (id int primary key, kind regclass, note text);
    create schema walhook authorization ${role}`);
  await plantLookAlikes(database, 'public');
  await plantLookAlikes(database, 'planted');
  await database.query(`set search_path = pg_catalog;
    create publication walhook for table public.orders with (publish_via_partition_root = true);
    alter database ${database.name} set search_path = ${searchPath};
    alter role current_user in database ${database.name} set search_path = pg_catalog`);
  roles.push({ database, role });
  return { database, url: database.urlAs(role, secret('least')) };
}

const roles: { readonly database: TestDatabase; readonly role: string }[] = [];

afterAll(async () => {
  for (const { database, role } of roles) {
    await database.dropSlotsAndDatabase();
    const admin = await createTestDatabase();
    await admin.query(`drop role ${role}`);
  }
});

async function calls(database: TestDatabase): Promise<number> {
  return (await callsOf(database, 'public')) + (await callsOf(database, 'planted'));
}

const PATHS = [
  'public, planted, pg_catalog',
  '"$user", planted, public',
  'planted, pg_temp, public, pg_catalog',
];

test('a look-alike is found by those who do not mind the path', async () => {
  const { database } = await hostileDatabase(PATHS[0]!);
  const client = await database.client();
  await client.query(`set search_path = ${PATHS[0]!}`);
  const asked = [
    `select * from pg_logical_slot_peek_binary_changes('a', '0/0', null,
      'proto_version', '1', 'publication_names', 'b', 'messages', 'true')`,
    `select 1::double precision * 2`,
    `select pg_drop_replication_slot('a')`,
    `select has_database_privilege('a', 'create')`,
    `select format('%I', 'a'::pg_catalog.name)`,
    `select version()`,
  ];
  for (const sql of asked) {
    await expect(client.query(sql)).rejects.toThrow('a look-alike was called');
  }
  expect(await calls(database)).toBe(asked.length);
});

type Where = {
  readonly path: string;
  readonly reader: 'copy' | 'rows';
  readonly elsewhere: boolean;
};

const WHERE: readonly Where[] = [
  { path: PATHS[0]!, reader: 'copy', elsewhere: false },
  { path: PATHS[1]!, reader: 'rows', elsewhere: true },
  { path: PATHS[2]!, reader: 'copy', elsewhere: true },
];

test.each(WHERE)(
  'from init to destroy no look-alike is called: $path, read by $reader, state elsewhere: $elsewhere',
  async ({ path, reader, elsewhere }) => {
    const { database, url } = await hostileDatabase(path);
    let isDown = true;
    const receiver = await startReceiver(({ body }) =>
      body.includes('"after":{"id":2,') ? { status: 422, body: 'no' } : 204,
    );
    const parks = await startReceiver(() => (isDown ? 503 : 204));
    const messages = await startReceiver();
    const config = configOf(database, url, {
      drain: { reader },
      state: elsewhere ? { url } : {},
      endpoints: [
        { name: 'hooks', type: 'http', url: receiver.url },
        { name: 'parks', type: 'http', url: parks.url, parkAfterMs: 0 },
      ],
      alerts: [{ type: 'webhook', url: messages.url }],
    });
    const steps = await initialize(config, { tables: ['public.orders'] });
    expect(steps).toHaveLength(5);

    // More than is read at once, so that windows are read, too.
    await database.query(`insert into public.orders
      select n, 'public.orders'::regclass, repeat('x', 1000) from generate_series(1, 1500) n`);
    const drained = await drain(config);
    expect(drained).toMatchObject({ error: null, events: 1_500 });
    expect((receiver.events()[0] as { after: unknown }).after).toMatchObject({
      kind: 'public.orders',
    });

    const said = await lookAtAll(config);
    expect(said.filter(({ status }) => status === 'failed')).toEqual([]);
    await onPipeline(config, ({ state }) =>
      state.discardDeadLetters(config.pipeline, { endpoint: 'parks' }),
    );
    isDown = false;
    receiver.answerWith(() => 204);
    const letters = await onPipeline(config, ({ state }) =>
      state.findDeadLetters(config.pipeline, {}),
    );
    expect((await redrive(config, letters)).map(({ outcome }) => outcome)).toContain('delivered');
    await onPipeline(config, async (access) => {
      await pauseEndpoint(access, 'parks', { reason: 'for a while', parks: true });
      await resumeEndpoint(access, 'parks');
    });
    await database.query('delete from public.orders where id < 10');
    expect((await drain(config)).error).toBeNull();
    expect((await drain(config)).status).toBe('caught_up');

    await database.query('drop publication walhook');
    await onPipeline(config, (access) => destroy(access, () => undefined));
    expect(await calls(database)).toBe(0);
  },
);

function configOf(
  database: TestDatabase,
  url: string,
  given: Partial<WalhookConfig>,
): ResolvedConfig {
  const own = { database: { url }, slot: database.name };
  return parseConfig({ endpoints: [], ...own, ...given }, {}).config;
}

function onPipeline<T>(
  config: ResolvedConfig,
  use: (access: PipelineAccess) => Promise<T>,
): Promise<T> {
  return withPipeline(config, nodePlatform, use);
}

const drain = (config: ResolvedConfig) => runDrain({ config, platform: nodePlatform, log: silent });

async function lookAtAll(config: ResolvedConfig): Promise<readonly Diagnosis[]> {
  const said: Diagnosis[] = [];
  await doctor(
    {
      withPipeline: (look) => onPipeline(config, look),
      endpoints: [],
      reach: () => Promise.resolve(),
      now: () => Date.now(),
    },
    (diagnosis) => said.push(diagnosis),
  );
  await onPipeline(config, async (access) => {
    await readStatus(access, Date.now());
    await readMetrics(access, Date.now());
    await peek(access, { limit: 5, keys: new Map(), print: () => undefined });
  });
  const connection = await connectToSource(config);
  const { slot, publication } = config;
  const probe = new WalProbe(connection, { slot, publication, stateSchema: 'walhook' });
  expect(await probe.hasNews(true)).toBe(true);
  await disconnect(connection);
  return said;
}
