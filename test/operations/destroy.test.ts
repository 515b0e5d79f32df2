import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import {
  destroy,
  destroyDoubts,
  type DestroyOptions,
  destroyPlan,
} from '../../src/operations/destroy.ts';
import { init } from '../../src/operations/init.ts';
import type { PipelineAccess } from '../../src/operations/pipeline.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { secret } from '../support/secrets.ts';
import { configOf, diagnosed, initialize, outcomes } from './operations-config.ts';

const password = secret('role');

const accessing = <T>(config: ResolvedConfig, work: (access: PipelineAccess) => Promise<T>) =>
  withPipeline(config, nodePlatform, work);

async function destroyed(config: ResolvedConfig, options: DestroyOptions = {}): Promise<string[]> {
  const steps: string[] = [];
  await accessing(config, (access) =>
    destroy(access, ({ subject, outcome }) => steps.push(`${subject} ${outcome}`), options),
  );
  return steps;
}

/** What there is of slots, publications and pipelines in the database. */
async function standing(database: TestDatabase, schema = 'walhook'): Promise<string[]> {
  const rows = await database.query<{ name: string }>(`
    select 'slot ' || slot_name as name from pg_replication_slots where database = current_database()
    union all select 'publication ' || pubname from pg_publication
    union all select 'pipeline ' || pipeline from ${schema}.pipelines order by 1`);
  return rows.map(({ name }) => name.replaceAll(database.name, '_'));
}

async function shared(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.query('create table t (id int primary key)');
  return database;
}

/** A role with no more than that, and configurations as it. */
async function leastRole(database: TestDatabase): Promise<string> {
  const role = `least_${randomBytes(4).toString('hex')}`;
  await database.query(`create role ${role} login replication password '${password}'`);
  return role;
}

test('the publication of another pipeline is not dropped, nor anything else, unless it is kept', async () => {
  const database = await shared();
  const a = configOf(database, { pipeline: 'a' });
  const b = configOf(database, { pipeline: 'b', slot: `${database.name}_b` });
  await initialize(a);
  await initialize(b);
  const before = await standing(database);
  await expect(destroyed(a)).rejects.toMatchObject({
    code: 'used_by_another_pipeline',
    message: expect.stringContaining(
      'is what the pipeline "b" of the state schema "walhook" reads by',
    ),
    remedy: expect.stringContaining('--keep-publication'),
  });
  expect(await standing(database)).toEqual(before);

  await database.query('insert into t values (1)');
  expect(await destroyed(a, { keepPublication: true })).toEqual([
    'slot dropped',
    'publication kept',
    'state dropped',
  ]);
  expect(await standing(database)).toEqual(['pipeline b', 'publication walhook', 'slot __b']);
  expect(await destroyed(b)).toEqual(['slot dropped', 'publication dropped', 'state dropped']);
});

test('a slot that another pipeline drains is refused by init, by destroy and by doctor', async () => {
  const database = await shared();
  const a = configOf(database, { pipeline: 'a' });
  await initialize(a);
  const b = configOf(database, { pipeline: 'b' });
  const refused = {
    code: 'used_by_another_pipeline',
    message: expect.stringContaining(
      'is drained by the pipeline "a" of the state schema "walhook"',
    ),
  };
  await expect(initialize(b)).rejects.toMatchObject(refused);
  await expect(initialize(b, { adopt: true })).rejects.toMatchObject(refused);
  await expect(destroyed(b)).rejects.toMatchObject(refused);
  expect(await standing(database)).toEqual(['pipeline a', 'publication walhook', 'slot _']);
  expect((await diagnosed(a)).get('other pipelines')?.status).toBe('ok');

  // As an earlier version let it be.
  await database.query(`insert into walhook.pipelines (pipeline, slot, publication, database, announced_lsn)
    select 'b', slot, publication, database, announced_lsn from walhook.pipelines`);
  expect((await diagnosed(a)).get('other pipelines')).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('the pipeline "b"'),
  });
  expect(await destroyed(b, { keepSlot: true, keepPublication: true })).toEqual([
    'slot kept',
    'publication kept',
    'state dropped',
  ]);
  expect(await standing(database)).toEqual(['pipeline a', 'publication walhook', 'slot _']);
});

test('so it is with a pipeline of another state schema, and one that cannot be seen is told', async () => {
  const database = await shared();
  const a = configOf(database, { state: { schema: 'elsewhere' } });
  await initialize(a);
  const b = configOf(database);
  await expect(initialize(b)).rejects.toMatchObject({
    code: 'used_by_another_pipeline',
    message: expect.stringContaining('of the state schema "elsewhere"'),
  });
  const own = configOf(database, { slot: `${database.name}_own` });
  await initialize(own);
  await expect(destroyed(own)).rejects.toMatchObject({ code: 'used_by_another_pipeline' });

  const role = await leastRole(database);
  await database.query(`alter publication walhook owner to ${role};
    create schema least authorization ${role}`);
  const blind = configOf(database, {
    database: { url: database.urlAs(role, password) },
    slot: `${database.name}_least`,
    state: { schema: 'least' },
  });
  await initialize(blind);
  const again = await initialize(blind);
  expect(again.find(({ outcome }) => outcome === 'warning')?.text).toContain(
    'state tables in elsewhere, walhook that this role may not read',
  );
  expect((await diagnosed(blind)).get('other pipelines')?.status).toBe('warning');
  const doubts = await accessing(blind, (access) => destroyDoubts(access, {}));
  expect(doubts).toEqual([
    expect.stringContaining('state tables in elsewhere, walhook'),
    expect.stringContaining(
      `Other slots of this database (${database.name}, ${database.name}_own)`,
    ),
  ]);
  await destroyed(blind);
});

test("a table of a stranger that looks like walhook's says nothing", async () => {
  const database = await shared();
  const stranger = `stranger_${randomBytes(4).toString('hex')}`;
  await database.query(`create role ${stranger}; create schema s authorization ${stranger};
    set role ${stranger};
    create table s.pipelines (pipeline text primary key, slot text, publication text, database text);
    insert into s.pipelines values ('x', '${database.name}', 'walhook', current_database());
    reset role`);
  const config = configOf(database);
  await initialize(config);
  expect(await destroyed(config)).toEqual(['slot dropped', 'publication dropped', 'state dropped']);
});

test("a slot or a publication that is not the pipeline's own is not dropped", async () => {
  const database = await shared();
  await initialize(configOf(database));
  await database.query('create publication other for table t');
  const other = `${database.name}_other`;
  await database.query(`select pg_create_logical_replication_slot('${other}', 'pgoutput')`);
  const before = await standing(database);
  await expect(
    destroyed(configOf(database, { slot: `${database.name}_other` })),
  ).rejects.toMatchObject({ code: 'slot_replaced' });
  await expect(destroyed(configOf(database, { publication: 'other' }))).rejects.toMatchObject({
    code: 'publication_replaced',
  });
  expect(await standing(database)).toEqual(before);
});

test('without the right to one of them nothing is dropped', async () => {
  const database = await shared();
  const role = await leastRole(database);
  await database.query(`create publication walhook for table t with (publish_via_partition_root);
    create schema walhook authorization ${role}`);
  const config = configOf(database, { database: { url: database.urlAs(role, password) } });
  await initialize(config);
  const before = await standing(database);
  await expect(destroyed(config)).rejects.toMatchObject({
    code: 'privilege_missing',
    message: expect.stringMatching(/belongs to the role ".+": "least_\w+" may not drop it/),
    remedy: expect.stringContaining('--keep-publication'),
  });
  expect(await standing(database)).toEqual(before);

  await database.query(`revoke delete on walhook.pipelines, walhook.runs from ${role};
    alter table walhook.pipelines owner to current_user; alter table walhook.runs owner to current_user;
    grant select, insert, update on walhook.pipelines, walhook.runs to ${role}`);
  await expect(destroyed(config, { keepPublication: true })).rejects.toMatchObject({
    code: 'privilege_missing',
  });
  expect(await standing(database)).toEqual(before);

  await database.query(`grant delete on walhook.pipelines, walhook.runs to ${role}`);
  await database.query(`alter role ${role} noreplication`);
  await expect(destroyed(config, { keepPublication: true })).rejects.toMatchObject({
    code: 'privilege_missing',
    message: expect.stringContaining('REPLICATION'),
  });
  expect(await standing(database)).toEqual(before);
  await database.query(`alter role ${role} replication`);
  expect(await destroyed(config, { keepPublication: true })).toEqual([
    'slot dropped',
    'publication kept',
    'state dropped',
  ]);
  expect(await database.query('select pubname from pg_publication')).toEqual([
    { pubname: 'walhook' },
  ]);
});

test('tables that an administrator owns stay, without what the pipeline had in them', async () => {
  const database = await shared();
  await initialize(configOf(database));
  const role = await leastRole(database);
  await database.query(`alter publication walhook owner to ${role};
    grant usage on schema walhook to ${role};
    grant select, insert, update, delete on all tables in schema walhook to ${role}`);
  const config = configOf(database, { database: { url: database.urlAs(role, password) } });
  expect(await destroyed(config)).toEqual(['slot dropped', 'publication dropped', 'state dropped']);
  expect(await standing(database)).toEqual([]);
});

test('init without one of the rights makes nothing', async () => {
  const database = await shared();
  const role = await leastRole(database);
  const config = configOf(database, { database: { url: database.urlAs(role, password) } });
  const nothing = async (): Promise<void> => {
    const made = `select from pg_publication union all
      select from pg_replication_slots where database = current_database()`;
    expect(await database.query(made)).toEqual([]);
  };
  await expect(initialize(config)).rejects.toMatchObject({
    code: 'privilege_missing',
    remedy: expect.stringContaining('Only a superuser can publish all tables'),
  });
  await nothing();
  await database.query(`grant create on database ${database.name} to ${role}`);
  await expect(initialize(config, { tables: ['t'] })).rejects.toMatchObject({
    code: 'privilege_missing',
    remedy: expect.stringContaining('owner of the tables'),
  });
  await nothing();
  await database.query(`alter table t owner to ${role}; create schema walhook`);
  await expect(initialize(config, { tables: ['t'] })).rejects.toMatchObject({
    code: 'privilege_missing',
    message: expect.stringContaining('the state tables in the schema "walhook" cannot be made'),
  });
  await nothing();
  await database.query(`drop schema walhook`);
  expect(outcomes(await initialize(config, { tables: ['t'] }))).toContain('pipeline created');
  expect(await destroyed(config)).toEqual(['slot dropped', 'publication dropped', 'state dropped']);
});

/** One whose state fails, when its turn comes. */
const failing = (access: PipelineAccess, method: 'migrate' | 'destroyPipeline') => ({
  ...access,
  state: {
    ...access.state,
    [method]: () => access.database.dropSlot('no_such_slot').then(() => []),
  },
});

test('what fails in the middle says what was done, and goes on there', async () => {
  const database = await shared();
  const config = configOf(database);
  const choice = { tables: null, allTables: false, withoutIdentity: false };
  const options = { ...choice, failover: false, adopt: false };
  await expect(
    accessing(config, (access) => init(failing(access, 'migrate'), options, () => undefined)),
  ).rejects.toMatchObject({
    code: 'slot_missing',
    message: expect.stringContaining('(made before: publication, slot)'),
    remedy: expect.stringContaining('run walhook init again: it goes on'),
  });
  expect(outcomes(await initialize(config))).toEqual([
    'server ok',
    'publication already_there',
    'slot already_there',
    'state created',
    'pipeline created',
  ]);
  await expect(
    accessing(config, (access) => destroy(failing(access, 'destroyPipeline'), () => undefined)),
  ).rejects.toMatchObject({
    message: expect.stringContaining('(dropped before: slot, publication)'),
    remedy: expect.stringContaining('run walhook destroy again'),
  });
  expect(await destroyed(config)).toEqual([
    'slot not_there',
    'publication not_there',
    'state dropped',
  ]);
});

test('what is kept is not said to be dropped', async () => {
  const database = await shared();
  const config = configOf(database);
  const plan = (options: DestroyOptions) =>
    accessing(config, async (access) => destroyPlan(access, options));
  expect(await plan({})).toMatch(
    /^This drops the slot ".+" with .+, the publication ".+", and the/,
  );
  expect(await plan({ keepSlot: true, keepPublication: true })).toMatch(/^This drops the progress/);
});
