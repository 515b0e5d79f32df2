import { expect, test } from 'vitest';
import {
  acquire,
  deadLetter,
  openRegisteredStore,
  progressOf,
  RECORD,
  type StoreUnderTest,
} from './registered-store.ts';
import { sessionOf, untilBlocked } from './server-sessions.ts';

const run = (pipeline: string) => ({
  runId: pipeline,
  pipeline,
  startedAt: new Date(0),
  finishedAt: new Date(1),
  status: 'caught_up',
  report: {},
});

async function schemas({ database }: StoreUnderTest): Promise<unknown[]> {
  return database.query(`select 1 from pg_namespace where nspname = 'walhook'`);
}

test('destroying one of two pipelines leaves the other as it was', async () => {
  const { database, store } = await openRegisteredStore();
  await store.registerPipeline({ ...RECORD, pipeline: 'other' });
  for (const pipeline of ['shop', 'other']) {
    const lease = await acquire(store, { pipeline });
    await store.saveProgress(lease, 60_000, [progressOf()]);
    await store.addDeadLetters(lease, [deadLetter()]);
    await store.recordRun(run(pipeline), 1_000);
  }

  await store.destroyPipeline('shop');

  expect(
    await database.query(
      `select pipeline from walhook.pipelines union all
       select pipeline from walhook.endpoints union all
       select pipeline from walhook.dead_letters union all
       select pipeline from walhook.runs`,
    ),
  ).toEqual(Array.from({ length: 4 }, () => ({ pipeline: 'other' })));
});

test('destroying the last pipeline leaves nothing, and its drainer can write nothing', async () => {
  const under = await openRegisteredStore();
  const lease = await acquire(under.store);
  await (await under.another()).destroyPipeline('shop');
  expect(await schemas(under)).toEqual([]);
  await expect(under.store.saveProgress(lease, 60_000, [progressOf()])).rejects.toMatchObject({
    code: 'state_missing',
  });
});

test('a schema in which somebody else keeps something stays, with that thing', async () => {
  const under = await openRegisteredStore();
  await under.database.query(
    'create table walhook.mine (id int); insert into walhook.mine values (7)',
  );
  await under.store.destroyPipeline('shop');
  expect(await under.database.query('select * from walhook.mine')).toEqual([{ id: 7 }]);
  await expect(under.store.assertReady()).rejects.toMatchObject({ code: 'state_missing' });
});

test('a table of somebody else that depends on ours keeps everything', async () => {
  const under = await openRegisteredStore();
  await under.database.query('create view public.lags as select * from walhook.endpoints');
  await expect(under.store.destroyPipeline('shop')).rejects.toMatchObject({ code: '2BP01' });
  expect(await under.store.loadPipeline('shop')).toEqual(RECORD);
});

test('a pipeline that is being registered meanwhile is not dropped with the last one', async () => {
  const { database, client, store, another } = await openRegisteredStore();
  const { pid } = await sessionOf(client);
  const registering = await database.client();
  await registering.query(
    `begin; insert into walhook.pipelines (pipeline, slot, publication, database, announced_lsn)
     values ('other', 's', 'p', 'd', '0/1')`,
  );

  const destroyed = store.destroyPipeline('shop');
  await untilBlocked(database, pid);
  await registering.query('commit');
  await destroyed;

  expect(await (await another()).loadPipeline('other')).toMatchObject({ slot: 's' });
});

test('destroying and migrating at once end in one or the other', async () => {
  const under = await openRegisteredStore();
  const other = await under.another();
  for (let round = 0; round < 10; round += 1) {
    await Promise.all([under.store.destroyPipeline('shop'), other.migrate()]);
    await other.migrate();
    await other.assertReady();
    await other.registerPipeline(RECORD);
  }
  expect(await other.loadPipeline('shop')).toEqual(RECORD);
});
