import { expect, test } from 'vitest';
import { configOf, initialize } from '../operations/operations-config.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { type Ended, walhook } from './walhook.ts';
import { secret } from '../support/secrets.ts';

/** What a drain says that cannot work: the message, its code, what to do; no stack, no event. */
async function drained(env: Readonly<Record<string, string>>): Promise<Ended> {
  const end = await walhook(['drain'], env);
  expect(end.stdout).toBe('');
  expect(end.stderr).not.toMatch(/^\s+at /m);
  expect(end.stderr).toMatch(/^ {2}what to do: \S/m);
  return end;
}

function envOf(database: TestDatabase, url = database.url): Record<string, string> {
  return { DATABASE_URL: url, SLOT_NAME: database.name };
}

function withUrl(url: string, change: (url: URL) => void): string {
  const changed = new URL(url);
  change(changed);
  return changed.href;
}

async function initialized(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await initialize(configOf(database));
  return database;
}

test('a wrong scheme is a wrong configuration', async () => {
  const { code, stderr } = await drained({ DATABASE_URL: 'http://127.0.0.1/shop' });
  expect(code).toBe(2);
  expect(stderr).toContain(
    'DATABASE_URL (database.url): got "http://127.0.0.1/shop", wants a URL like postgres://',
  );
});

test('a wrong host, or port, is named', async () => {
  const port = await drained({ DATABASE_URL: 'postgres://me:pw@127.0.0.1:1/shop' });
  expect(port.code).toBe(1);
  expect(port.stderr).toContain('127.0.0.1:1');
  expect(port.stderr).toContain('code: database_unreachable');
  const host = await drained({ DATABASE_URL: 'postgres://me:pw@no-such-host.invalid/shop' });
  expect(host.code).toBe(1);
  expect(host.stderr).toContain('no-such-host.invalid');
  expect(host.stderr).toContain('code: database_unreachable');
});

test('a wrong password is said without the password', async () => {
  const database = await createTestDatabase();
  const url = withUrl(database.url, (to) => (to.password = secret('wrong')));
  const { code, stderr } = await drained(envOf(database, url));
  expect(code).toBe(1);
  expect(stderr).toContain('password authentication failed');
  expect(stderr).toContain('code: database_auth_failed');
  expect(stderr).not.toContain(secret('wrong'));
});

test('a database that does not exist is named', async () => {
  const database = await createTestDatabase();
  const url = withUrl(database.url, (to) => (to.pathname = '/no_such_shop'));
  const { code, stderr } = await drained(envOf(database, url));
  expect(code).toBe(1);
  expect(stderr).toContain('database "no_such_shop" does not exist');
  expect(stderr).toContain('code: database_missing');
});

test('a slot that does not exist is named, with what makes one', async () => {
  const database = await initialized();
  const { code, stderr } = await drained({ ...envOf(database), SLOT_NAME: 'no_such_slot' });
  expect(code).toBe(1);
  expect(stderr).toContain('there is no replication slot named "no_such_slot"');
  expect(stderr).toContain('Run walhook init');
});

test('a publication that does not exist is named, and the slot stays', async () => {
  const database = await initialized();
  await database.query('create table orders (id int primary key); insert into orders values (1)');
  const at = () =>
    database.query('select confirmed_flush_lsn from pg_replication_slots where slot_name = $1', [
      database.name,
    ]);
  const before = await at();
  const { code, stderr } = await drained({ ...envOf(database), PUB_NAME: 'no_such_publication' });
  expect(code).toBe(1);
  expect(stderr).toContain('no_such_publication');
  expect(stderr).toContain('code: publication_missing');
  expect(await at()).toEqual(before);
});

test('a role without REPLICATION is told whom to ask for what', async () => {
  const database = await createTestDatabase();
  const role = `${database.name}_reader`;
  await database.query(`create role ${role} login password '${secret('reader')}'`);
  const env = envOf(database, database.urlAs(role, secret('reader')));
  const { code, stderr } = await walhook(['init'], env);
  expect(code).toBe(1);
  expect(stderr).toContain(`the role "${role}" has no REPLICATION privilege`);
  expect(stderr).toContain(`alter role "${role}" replication`);
  expect(await database.query('select pubname from pg_publication')).toEqual([]);
  await database.query(`drop owned by ${role}; drop role ${role}`);
});

test('a role that is no superuser is told to name tables', async () => {
  const database = await createTestDatabase();
  const role = `${database.name}_owner`;
  await database.query(`create role ${role} login replication password '${secret('owner')}';
    grant create on database ${database.name} to ${role};
    create table orders (id int primary key); alter table orders owner to ${role}`);
  const env = envOf(database, database.urlAs(role, secret('owner')));
  const refused = await walhook(['init'], env);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('must be superuser to create FOR ALL TABLES publication');
  expect(refused.stderr).toContain('walhook init --tables a,b');
  const made = await walhook(['init', '--tables', 'orders'], env);
  expect(made.stderr).toContain('publication "walhook" for public.orders');
  expect(made.code).toBe(0);
  expect((await walhook(['drain'], env)).code).toBe(0);
  expect((await walhook(['destroy', '--yes'], env)).code).toBe(0);
  await database.query(`drop owned by ${role}; drop role ${role}`);
});

test('a slot of another plugin is left alone', async () => {
  const database = await createTestDatabase();
  await database.query(
    `select pg_create_logical_replication_slot('${database.name}', 'test_decoding')`,
  );
  for (const args of [['drain', '--init'], ['drain'], ['destroy', '--yes']]) {
    const { code, stderr } = await walhook(args, envOf(database));
    expect(code).toBe(1);
    expect(stderr).toContain('test_decoding');
    expect(stderr).toContain('code: slot_wrong_plugin');
  }
});

test('a slot of another database is left alone', async () => {
  const other = await initialized();
  const database = await createTestDatabase();
  for (const command of ['init', 'drain']) {
    const { code, stderr } = await walhook([command], {
      ...envOf(database),
      SLOT_NAME: other.name,
    });
    expect(code).toBe(1);
    expect(stderr).toContain(
      `belongs to the database "${other.name}", this connection is to "${database.name}"`,
    );
  }
});

test('a replaced slot is refused with the range that is missing, by drain and by drain --init', async () => {
  const database = await initialized();
  await database.query('create table orders (id int primary key); insert into orders values (1)');
  await database.query(`select pg_drop_replication_slot('${database.name}')`);
  await database.query(`select pg_create_logical_replication_slot('${database.name}', 'pgoutput')`);
  for (const args of [['drain'], ['drain', '--init']]) {
    const { code, stderr } = await walhook(args, envOf(database));
    expect(code).toBe(1);
    expect(stderr).toMatch(/the changes from \S+ to \S+ are missing/);
    expect(stderr).toContain('code: slot_replaced');
  }
});

test('wal_level replica is said; then, with logical, a slot lost to a small max_slot_wal_keep_size', async () => {
  const server = await startPrivateServer({ wal_level: 'replica', max_slot_wal_keep_size: '16MB' });
  const database = await createTestDatabase(server.url());
  const refused = await walhook(['init'], envOf(database));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('wal_level is replica; logical decoding needs logical');
  expect(refused.stderr).toContain("Set wal_level = 'logical'");

  await database.query('alter system set wal_level = logical');
  await server.restart('fast');
  await initialize(configOf(database));
  await database.query('create table orders (id int primary key)');
  for (let segment = 0; segment < 4; segment += 1) {
    await database.query(`insert into orders values (${segment})`);
    await database.query('select pg_switch_wal()');
  }
  await database.query('checkpoint');

  for (const args of [['drain'], ['init'], ['init', '--adopt']]) {
    const lost = await walhook(args, envOf(database));
    expect(lost.code).toBe(1);
    expect(lost.stderr).toContain(`the slot "${database.name}" cannot be read any more`);
    expect(lost.stderr).toContain('code: slot_lost');
  }
  expect((await walhook(['status'], envOf(database))).stdout).toMatch(
    /^! The slot .* cannot be read any more/,
  );
  await database.query(`select pg_drop_replication_slot('${database.name}')`);
  const adopted = await walhook(['init', '--adopt'], envOf(database));
  expect(adopted.stderr).toMatch(/adopted .* the changes from \S+ to \S+ are missing/);
  expect((await walhook(['drain'], envOf(database))).code).toBe(0);
});
