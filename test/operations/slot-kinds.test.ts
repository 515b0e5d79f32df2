import { beforeAll, expect, test } from 'vitest';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import { destroy } from '../../src/operations/destroy.ts';
import { readStatus } from '../../src/operations/status.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { runDrain } from '../../src/runtime/run-drain.ts';
import { createTestDatabase, serverMajorVersion, type TestDatabase } from '../support/database.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { configOf, diagnosed, initialize, outcomes } from './operations-config.ts';

/** Of its own: transactions that stay open here would keep slots of other files from being made. */
let server: EmbeddedServer;

beforeAll(async () => {
  server = await startPrivateServer();
});

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

const drainError = async (config: ResolvedConfig) =>
  (await runDrain({ config, platform: nodePlatform, log: silent })).error;

const troublesOf = async (config: ResolvedConfig) =>
  withPipeline(config, nodePlatform, async (access) =>
    (await readStatus(access, nodePlatform.clock.now())).troubles.join('\n'),
  );

const slotCheck = async (config: ResolvedConfig) => (await diagnosed(config)).get('slot');

async function publicized(): Promise<TestDatabase> {
  const database = await createTestDatabase(server.url());
  await database.query(`create table t (id int primary key);
    create publication walhook for all tables with (publish_via_partition_root)`);
  return database;
}

test('a slot that is being made is waited for, by each command in its own words, and never lost', async () => {
  const database = await publicized();
  const config = configOf(database);
  const writer = await database.client();
  await writer.query('begin; insert into t values (1)');
  const first = initialize(config);
  await database.query(`do $$ begin
    while not exists (select from pg_replication_slots where slot_name = '${config.slot}')
    loop perform pg_sleep(0.01); end loop; end $$`);

  const beingMade = {
    code: 'slot_being_made',
    message: expect.stringContaining('is being made by'),
  };
  const second = { ...beingMade, remedy: expect.stringContaining('nothing is to be dropped') };
  await expect(initialize(config)).rejects.toMatchObject(second);
  await expect(initialize(config, { adopt: true })).rejects.toMatchObject(second);
  expect(await drainError(config)).toMatchObject(second);
  expect(await troublesOf(config)).toContain('is being made by');
  expect(await slotCheck(config)).toMatchObject({
    status: 'warning',
    found: expect.stringMatching(/waits for: .*transaction of process \d+/),
    remedy: expect.stringContaining('Nothing is to be dropped'),
  });
  await expect(
    withPipeline(config, nodePlatform, (access) => destroy(access, () => undefined)),
  ).rejects.toMatchObject(beingMade);

  await writer.query('commit');
  expect(outcomes(await first)).toContain('pipeline created');
  expect(outcomes(await initialize(config))).toContain('pipeline already_there');
});

/** Refused by init, by a drain, by status and by doctor alike. */
async function refusedEverywhere(
  database: TestDatabase,
  refusal: { message: unknown; remedy: unknown },
): Promise<void> {
  const config = configOf(database);
  const expected = { code: 'slot_wrong_plugin', ...refusal };
  await expect(initialize(config)).rejects.toMatchObject(expected);
  expect(await drainError(config)).toMatchObject(expected);
  expect(await slotCheck(config)).toMatchObject({
    status: 'failed',
    found: refusal.message,
    remedy: refusal.remedy,
  });
}

test.skipIf(serverMajorVersion < 15)(
  'a slot that was made with two_phase is refused, and its copy goes on from where it stood',
  async () => {
    const database = await publicized();
    await database.query(
      `select pg_create_logical_replication_slot('${database.name}', 'pgoutput', false, true)`,
    );
    await refusedEverywhere(database, {
      message: expect.stringContaining('was made with two_phase'),
      remedy: expect.stringContaining('pg_copy_logical_replication_slot'),
    });
    expect(await troublesOf(configOf(database))).toContain('two_phase');

    const copy = `${database.name}_copy`;
    await database.query(`select pg_copy_logical_replication_slot('${database.name}', '${copy}')`);
    const config = configOf(database, { slot: copy });
    await initialize(config);
    const client = await database.client();
    await client.query(`begin; insert into t values (1); prepare transaction '${copy}'`);
    const drain = async () => {
      const { status, events } = await runDrain({ config, platform: nodePlatform, log: silent });
      return { status, events };
    };
    expect(await drain()).toEqual({ status: 'caught_up', events: 0 });
    await client.query(`commit prepared '${copy}'`);
    expect(await drain()).toEqual({ status: 'caught_up', events: 1 });
  },
);

test.skipIf(serverMajorVersion >= 15)(
  'version 14 gives no prepared transaction before its commit, whatever the slot says',
  async () => {
    const database = await publicized();
    await database.query(
      `select pg_create_logical_replication_slot('${database.name}', 'pgoutput', false, true)`,
    );
    const config = configOf(database);
    await initialize(config);
    const client = await database.client();
    await client.query(`begin; insert into t values (1); prepare transaction '${config.slot}'`);
    expect(await drainError(config)).toBeNull();
    await client.query(`commit prepared '${config.slot}'`);
    const report = await runDrain({ config, platform: nodePlatform, log: silent });
    expect(report).toMatchObject({ status: 'caught_up', events: 1 });
  },
);

test('a temporary slot is refused: it goes with its session', async () => {
  const database = await publicized();
  const session = await database.client();
  await session.query(
    `select pg_create_logical_replication_slot('${database.name}', 'pgoutput', true)`,
  );
  await refusedEverywhere(database, {
    message: expect.stringMatching(/is temporary: it belongs to the server process \d+/),
    remedy: expect.stringContaining('walhook init make the slot'),
  });
});

test('a physical slot, and one of another plugin, are refused', async () => {
  const database = await publicized();
  await database.query(`select pg_create_physical_replication_slot('${database.name}')`);
  await refusedEverywhere(database, {
    message: expect.stringContaining('is physical'),
    remedy: expect.stringContaining('another slot name'),
  });
  await database.query(`select pg_drop_replication_slot('${database.name}')`);
  await database.query(
    `select pg_create_logical_replication_slot('${database.name}', 'test_decoding')`,
  );
  await refusedEverywhere(database, {
    message: expect.stringContaining('uses the plugin test_decoding'),
    remedy: expect.stringContaining('another slot name'),
  });
});

test.skipIf(serverMajorVersion < 17)('a slot that fails over is drained as any other', async () => {
  const database = await publicized();
  await database.query(
    `select pg_create_logical_replication_slot('${database.name}', 'pgoutput', failover => true)`,
  );
  const config = configOf(database);
  await initialize(config);
  expect(await drainError(config)).toBeNull();
});
