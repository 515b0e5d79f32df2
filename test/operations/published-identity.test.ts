import { expect, test } from 'vitest';
import { createTestDatabase, serverMajorVersion, type TestDatabase } from '../support/database.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { configOf, diagnosed, initialize } from './operations-config.ts';

/** The server's own word: whether it refuses the statement because of what is published. */
async function isRefused(database: TestDatabase, statement: string): Promise<boolean> {
  return database.query(statement).then(
    () => false,
    (error: unknown) => {
      expect(String(error)).toMatch(/cannot (update|delete)|replica identity/i);
      return true;
    },
  );
}

const faultsOf = async (database: TestDatabase, publication: string) =>
  withPipeline(configOf(database), nodePlatform, async ({ database: source }) =>
    (await source.identityFaults('all', publication, 'walhook')).map(
      ({ table, fault, columns }) => `${table} ${fault} ${columns.join(',')}`,
    ),
  );

const GENERATED = `
  create table full_stored (id int primary key, a int, b int generated always as (a * 2) stored);
  alter table full_stored replica identity full;
  create table key_stored (a int, b int generated always as (a * 2) stored primary key);
  create table plain (id int primary key, a int, b int generated always as (a * 2) stored);
  insert into full_stored values (1, 1); insert into key_stored values (1); insert into plain values (1, 1)`;

test.skipIf(serverMajorVersion < 18)(
  'generated columns are published where the replica identity has them, also of tables that come later',
  async () => {
    const database = await createTestDatabase();
    await database.query(GENERATED);
    await initialize(configOf(database), { tables: ['full_stored', 'key_stored', 'plain'] });
    for (const table of ['full_stored', 'key_stored', 'plain']) {
      expect(await isRefused(database, `update ${table} set a = 2`)).toBe(false);
    }
    const all = await createTestDatabase();
    await initialize(configOf(all));
    await all.query(GENERATED);
    for (const table of ['full_stored', 'key_stored', 'plain']) {
      expect(await isRefused(all, `delete from ${table}`)).toBe(false);
    }
    expect((await diagnosed(configOf(all))).get('published identity')?.status).toBe('ok');
  },
);

test.skipIf(serverMajorVersion < 18)(
  'a generated column that cannot be published is refused before anything is made, with what to do',
  async () => {
    const database = await createTestDatabase();
    await database.query(`create table v (id int primary key, a int,
      b int generated always as (a * 2) virtual); alter table v replica identity full`);
    const config = configOf(database);
    const refused = {
      code: 'tables_without_identity',
      message: expect.stringContaining(
        'UPDATE and DELETE would fail on public.v (its replica identity is full',
      ),
      remedy: expect.stringContaining('replica identity'),
    };
    await expect(initialize(config)).rejects.toMatchObject(refused);
    await expect(initialize(config, { tables: ['v'] })).rejects.toMatchObject(refused);
    expect(await database.query('select from pg_publication')).toEqual([]);
  },
);

test.skipIf(serverMajorVersion < 18)(
  'added to a publication without generated columns, such a table is refused; found in one, it is told',
  async () => {
    const database = await createTestDatabase();
    await database.query(`${GENERATED}; create publication walhook for table plain
      with (publish_via_partition_root)`);
    const config = configOf(database);
    await initialize(config);
    await expect(initialize(config, { tables: ['full_stored'] })).rejects.toMatchObject({
      code: 'tables_without_identity',
      remedy: expect.stringContaining('publish_generated_columns = stored'),
    });
    await expect(initialize(config, { tables: ['key_stored'] })).rejects.toMatchObject({
      message: expect.stringContaining('b of its replica identity is not published'),
    });
    await database.query('alter publication walhook add table full_stored, key_stored');
    for (const table of ['full_stored', 'key_stored']) {
      expect(await isRefused(database, `update ${table} set a = 2`)).toBe(true);
    }
    const steps = await initialize(config);
    expect(steps.find(({ outcome }) => outcome === 'warning')?.text).toContain(
      'UPDATE and DELETE fail on public.full_stored',
    );
    expect((await diagnosed(config)).get('published identity')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(/full_stored .*; public\.key_stored/),
      remedy: expect.stringContaining('publish_generated_columns = stored'),
    });
  },
);

test.skipIf(serverMajorVersion >= 18)(
  'a key with a generated column would arrive without it: refused, and told of one that is published',
  async () => {
    const database = await createTestDatabase();
    await database.query(GENERATED);
    const config = configOf(database);
    await expect(initialize(config)).rejects.toMatchObject({
      code: 'tables_without_identity',
      message: expect.stringContaining('events would come without their key of public.key_stored'),
    });
    expect(await database.query('select from pg_publication')).toEqual([]);
    await initialize(config, { tables: ['full_stored', 'plain'] });
    expect(await isRefused(database, 'update full_stored set a = 2')).toBe(false);
    await database.query('alter publication walhook add table key_stored');
    expect((await diagnosed(config)).get('published identity')).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('key_stored'),
    });
  },
);

test('of every list, filter and partition, what is said is what the server does', async () => {
  const database = await createTestDatabase();
  await database.query(`
    create table fine (id int primary key, a int);
    create table by_index (id int primary key, u int not null unique, a int);
    alter table by_index replica identity using index by_index_u_key;
    create table whole (id int primary key, a int); alter table whole replica identity full;
    create table included (id int, a int, primary key (id) include (a));
    create table root (id int, a int, primary key (id)) partition by range (id);
    create table leaf partition of root for values from (0) to (10);
    create table odd_leaf (a int, id int not null); alter table root attach partition odd_leaf for values from (10) to (20);
    alter table odd_leaf replica identity full;
    insert into fine values (1, 1); insert into by_index values (1, 1, 1);
    insert into whole values (1, 1); insert into included values (1, 1);
    insert into root values (1, 1), (11, 1)`);
  const tables = ['fine', 'by_index', 'whole', 'included', 'leaf', 'odd_leaf'];
  const publications =
    serverMajorVersion < 15
      ? ['for all tables']
      : [
          'for table fine (id), by_index (u), included (id)',
          'for table fine (a), by_index (id, a), whole (id), included (a)',
          'for table fine where (id > 0), by_index where (u > 0), whole where (a > 0), included where (id > 0)',
          'for table fine where (a > 0), by_index where (id > 0 and a > 0), included where (a > 0)',
          'for table root (id) with (publish_via_partition_root)',
          'for table root (a) with (publish_via_partition_root)',
          'for table root where (a > 0) with (publish_via_partition_root)',
          'for table leaf (a), odd_leaf (id)',
          `for table leaf (a), root with (publish_via_partition_root)`,
          'for tables in schema public',
        ];
  for (const [index, what] of publications.entries()) {
    const name = `p${index}`;
    await database.query(`create publication ${name} ${what}`);
    const said = await faultsOf(database, name);
    for (const table of tables) {
      const isSaid = said.some((fault) => fault.startsWith(`${table} `));
      const refused = await isRefused(database, `update ${table} set a = a where false`);
      expect({ what, table, refused: isSaid }).toEqual({ what, table, refused });
    }
    await database.query(`drop publication ${name}`);
  }
});

test('without updates and deletes in the publication nothing is refused', async () => {
  const database = await createTestDatabase();
  await database.query(`create table fine (id int primary key); create table logs (line text);
    create publication walhook for table fine with (publish = 'insert', publish_via_partition_root)`);
  const config = configOf(database);
  await initialize(config, { tables: ['logs'] });
  expect(await isRefused(database, `delete from logs`)).toBe(false);
  expect((await diagnosed(config)).get('published identity')?.status).toBe('ok');
});
