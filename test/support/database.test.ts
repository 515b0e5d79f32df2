import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase, serverMajorVersion } from './database.ts';

test('a test database is empty, decodes, and answers in settings unlike the usual', async () => {
  const database = await createTestDatabase();
  expect(
    await database.query(
      `select relname from pg_class where relnamespace = 'public'::regnamespace`,
    ),
  ).toEqual([]);
  expect(await database.query('show wal_level')).toEqual([{ wal_level: 'logical' }]);
  expect(await database.query('show timezone')).toEqual([{ TimeZone: 'Asia/Kathmandu' }]);
  const [row] = await database.query<{ major: number }>(
    `select current_setting('server_version_num')::int / 10000 as major`,
  );
  expect(row?.major).toBe(serverMajorVersion);
});

test('several statements in one query answer with the rows of the last', async () => {
  const database = await createTestDatabase();
  const rows = await database.query('create table t (id int); insert into t values (7); table t');
  expect(rows).toEqual([{ id: 7 }]);
});

test('a database goes with its slots, sessions and prepared transactions', async () => {
  const database = await createTestDatabase();
  const other = await createTestDatabase();
  await database.query(`create table t (id int)`);
  await database.query(`select pg_create_logical_replication_slot('${database.name}', 'pgoutput')`);
  const client = await database.client();
  await client.query('begin; insert into t values (1)');
  await client.query(`prepare transaction '${database.name}'`);

  await database.dropSlotsAndDatabase();

  const left = `
    select datname::text as name from pg_database where datname = $1
    union all select slot_name::text from pg_replication_slots where database = $1
    union all select gid from pg_prepared_xacts where database = $1`;
  expect(await other.query(left, [database.name])).toEqual([]);
});

test('a role of its own can log in', async () => {
  const database = await createTestDatabase();
  const role = `role_${database.name}`;
  await database.query(`create role ${role} login password 'it''s @ secret/'`);
  const client = new Client({ connectionString: database.urlAs(role, "it's @ secret/") });
  await client.connect();
  const { rows } = await client.query('select current_user::text as name');
  await client.end();
  expect(rows).toEqual([{ name: role }]);
  await database.query(`drop role ${role}`);
});
