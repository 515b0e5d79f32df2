import { expect, test } from 'vitest';
import { createTestDatabase, serverMajorVersion, type TestDatabase } from '../support/database.ts';
import { configOf, initialize, outcomes } from './operations-config.ts';

const ORDERS = 'create table orders (id int primary key, status text)';

async function publishedTables(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_publication_tables
     where pubname = 'walhook' and schemaname <> 'walhook' order by 1`,
  );
  return rows.map(({ name }) => name);
}

test('init makes publication, slot, state and registration in this order, and says so', async () => {
  const database = await createTestDatabase();
  await database.query(ORDERS);
  const steps = await initialize(configOf(database));
  expect(outcomes(steps)).toEqual([
    'server ok',
    'publication created',
    'slot created',
    'state created',
    'pipeline created',
  ]);
  expect(steps.at(-1)?.text).toMatch(
    /starts at [0-9A-F]+\/[0-9A-F]+; so does an endpoint that is added later/,
  );
  expect(await database.query('select puballtables, pubviaroot from pg_publication')).toEqual([
    { puballtables: true, pubviaroot: true },
  ]);
});

test('init again finds everything there and changes nothing', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await initialize(config);
  const before = await database.query('select * from walhook.pipelines');
  expect(outcomes(await initialize(config))).toEqual([
    'server ok',
    'publication already_there',
    'slot already_there',
    'state already_there',
    'pipeline already_there',
  ]);
  expect(await database.query('select * from walhook.pipelines')).toEqual(before);
});

test('named tables are published, more are added later, and none is removed', async () => {
  const database = await createTestDatabase();
  await database.query(`${ORDERS}; create table "Odd Name" (id int primary key);
    create schema shop; create table shop.items (id int primary key)`);
  const config = configOf(database);
  await initialize(config, { tables: ['orders', 'shop.items'] });
  expect(await publishedTables(database)).toEqual(['public.orders', 'shop.items']);

  const steps = await initialize(config, { tables: ['Odd Name'] });
  expect(steps[1]).toMatchObject({ subject: 'publication', outcome: 'changed' });
  expect(steps[1]?.text).toContain('public.Odd Name');
  expect(await publishedTables(database)).toEqual([
    'public.Odd Name',
    'public.orders',
    'shop.items',
  ]);
});

test('all names that are no tables are refused at once, before anything is made', async () => {
  const database = await createTestDatabase();
  await database.query(`${ORDERS}; create view seen as select * from orders`);
  await expect(
    initialize(configOf(database), { tables: ['orders', 'ordres', 'shop.items', 'seen'] }),
  ).rejects.toMatchObject({
    code: 'tables_missing',
    message: 'there is no table public.ordres, shop.items, public.seen',
  });
  expect(await database.query('select pubname from pg_publication')).toEqual([]);
});

test('tables whose updates would fail once published are refused before that', async () => {
  const database = await createTestDatabase();
  await database.query(`${ORDERS};
    create table logs (line text); create table nothing (id int primary key);
    alter table nothing replica identity nothing;
    create table whole (line text); alter table whole replica identity full;
    create table late (id int primary key deferrable);
    create table parted (day int) partition by range (day);
    create table parted_1 partition of parted for values from (1) to (2)`);
  const config = configOf(database);
  const refused = {
    code: 'tables_without_identity',
    message: expect.stringContaining(
      'would fail on public.late, public.logs, public.nothing, public.parted_1:',
    ),
    remedy: expect.stringContaining('replica identity full'),
  };
  await expect(initialize(config)).rejects.toMatchObject(refused);
  await expect(initialize(config, { tables: ['parted'] })).rejects.toMatchObject({
    message: expect.stringContaining('would fail on public.parted_1:'),
  });
  expect(await database.query('select pubname from pg_publication')).toEqual([]);

  expect(outcomes(await initialize(config, { withoutIdentity: true }))).toContain(
    'publication created',
  );
  await expect(database.query(`delete from logs`)).rejects.toThrow('replica identity');
});

test('a publication without publish_via_partition_root is left alone, with a warning', async () => {
  const database = await createTestDatabase();
  await database.query(`${ORDERS}; create publication walhook for table orders`);
  const steps = await initialize(configOf(database), { allTables: true });
  const warnings = steps.filter(({ outcome }) => outcome === 'warning').map(({ text }) => text);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain('cannot be changed to all tables');
  expect(warnings[1]).toContain('publish_via_partition_root = true');
});

test('a slot that is older than its publication is refused', async () => {
  const database = await createTestDatabase();
  await database.query(`select pg_create_logical_replication_slot('${database.name}', 'pgoutput')`);
  await expect(initialize(configOf(database))).rejects.toMatchObject({
    code: 'publication_missing',
    message: expect.stringContaining('exists, but its publication "walhook" does not'),
    remedy: expect.stringContaining('drop the slot'),
  });
});

test('a slot that was dropped and made again is refused, and adopted on request', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await initialize(config);
  await database.query(`${ORDERS}; insert into orders values (1)`);
  await database.query(`select pg_drop_replication_slot('${config.slot}')`);
  await database.query(`select pg_create_logical_replication_slot('${config.slot}', 'pgoutput')`);
  await expect(initialize(config)).rejects.toMatchObject({ code: 'slot_replaced' });
  const steps = await initialize(config, { adopt: true });
  expect(steps.at(-1)).toMatchObject({ outcome: 'adopted' });
  expect(steps.at(-1)?.text).toMatch(/the changes from \S+ to \S+ are missing: take a snapshot/);
  expect(outcomes(await initialize(config))).toContain('pipeline already_there');
});

test('a server whose WAL is behind what was drained is refused, and adopted with a word on ids', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await initialize(config);
  await database.query(`update walhook.pipelines set announced_lsn = 'FFFF/0'`);
  await expect(initialize(config)).rejects.toMatchObject({ code: 'cluster_changed' });
  const steps = await initialize(config, { adopt: true });
  expect(steps.at(-1)?.text).toMatch(/ids that receivers know until its WAL is past FFFF\/0/);
  expect(outcomes(await initialize(config))).toContain('pipeline already_there');
});

test('a slot that was dropped is not made again without --adopt', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await initialize(config);
  await database.query(`select pg_drop_replication_slot('${config.slot}')`);
  await expect(initialize(config)).rejects.toMatchObject({
    code: 'slot_missing',
    message: expect.stringMatching(/was dropped: the changes since \S+ are missing/),
    remedy: expect.stringContaining('--adopt'),
  });
  expect(outcomes(await initialize(config, { adopt: true }))).toEqual([
    'server ok',
    'publication already_there',
    'slot created',
    'state already_there',
    'pipeline adopted',
  ]);
});

test('the same pipeline over another slot is refused', async () => {
  const database = await createTestDatabase();
  await initialize(configOf(database));
  const other = configOf(database, { slot: `${database.name}_b` });
  await expect(initialize(other)).rejects.toMatchObject({
    code: 'slot_replaced',
    message: expect.stringContaining(`drained from the slot "${database.name}"`),
  });
});

test('--adopt waits for no drain: it is refused while one is under way', async () => {
  const database = await createTestDatabase();
  const config = configOf(database);
  await initialize(config);
  await database.query(`update walhook.pipelines set lease_owner = 'somebody',
    lease_expires_at = now() + interval '1 hour', lease_token = lease_token + 1`);
  await expect(initialize(config, { adopt: true })).rejects.toMatchObject({
    code: 'lease_held',
    message: 'a drain is under way (somebody)',
  });
});

test.skipIf(serverMajorVersion < 17)('--failover makes a slot that fails over', async () => {
  const database = await createTestDatabase();
  await initialize(configOf(database), { failover: true });
  expect(
    await database.query('select failover from pg_replication_slots where slot_name = $1', [
      database.name,
    ]),
  ).toEqual([{ failover: true }]);
});

test.skipIf(serverMajorVersion >= 17)('--failover says which server it needs', async () => {
  const database = await createTestDatabase();
  await expect(initialize(configOf(database), { failover: true })).rejects.toMatchObject({
    code: 'server_too_old',
    message: expect.stringContaining('--failover needs PostgreSQL 17'),
  });
  expect(await database.query('select pubname from pg_publication')).toEqual([]);
});
