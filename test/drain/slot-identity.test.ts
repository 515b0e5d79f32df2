import { expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import { createPipeline, lsnOf, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

type Drained = { readonly pipeline: TestPipeline; readonly receiver: Receiver };

/** A pipeline that has delivered the row 1. */
async function drainedOnce(): Promise<Drained> {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  expect((await pipeline.drain()).status).toBe('caught_up');
  return { pipeline, receiver };
}

function refusal({ status, error }: DrainReport): string | null {
  expect(status).toBe('failed');
  return error?.code ?? null;
}

const idsOf = (receiver: Receiver) =>
  receiver.events().map(({ after }) => (after as { id: number }).id);

async function recreateSlot({ config, database }: TestPipeline): Promise<void> {
  await database.query(`select pg_drop_replication_slot('${config.slot}')`);
  await database.query(`select pg_create_logical_replication_slot('${config.slot}', 'pgoutput')`);
}

test('a slot that was dropped and made again is refused, at every drain, and the gap is named', async () => {
  const { pipeline, receiver } = await drainedOnce();
  const leftAt = await pipeline.slotAt();
  await pipeline.database.query('insert into t values (2)');
  await recreateSlot(pipeline);
  const standsAt = await pipeline.slotAt();
  await pipeline.database.query('insert into t values (3)');

  for (let i = 0; i < 3; i++) {
    const report = await pipeline.drain();
    expect(refusal(report)).toBe('slot_replaced');
    expect(report.error?.message).toContain(`from ${leftAt} to ${standsAt} are missing`);
    expect(report.error?.remedy).toContain('init --adopt');
    expect(report.error?.detail).toBe(pipeline.config.slot);
  }

  expect(idsOf(receiver)).toEqual([1]);
  expect(await pipeline.slotAt()).toBe(standsAt);
});

test('a slot that somebody else read from is refused', async () => {
  const { pipeline, receiver } = await drainedOnce();
  const { config, database } = pipeline;
  const leftAt = await pipeline.slotAt();
  await database.query('insert into t values (2)');
  await database.query(
    `select count(*) from pg_logical_slot_get_binary_changes('${config.slot}', null, null,
      'proto_version', '1', 'publication_names', 'walhook')`,
  );
  await database.query('insert into t values (3)');

  for (let i = 0; i < 2; i++) {
    const report = await pipeline.drain();
    expect(refusal(report)).toBe('slot_replaced');
    expect(report.error?.message).toContain(`the changes from ${leftAt} to`);
  }
  expect(idsOf(receiver)).toEqual([1]);
});

test('a slot that stands before what was delivered repeats nothing', async () => {
  const { pipeline, receiver } = await drainedOnce();
  const { config, database } = pipeline;
  const other = `${config.slot}_old`;
  await database.query(`select pg_copy_logical_replication_slot('${config.slot}', '${other}')`);
  await database.query('insert into t values (2)');
  await pipeline.drain();
  // As after a crash of the server that lost the last advance.
  await database.query(`select pg_drop_replication_slot('${config.slot}')`);
  await database.query(`select pg_copy_logical_replication_slot('${other}', '${config.slot}')`);
  await database.query('insert into t values (3)');

  expect((await pipeline.drain()).status).toBe('caught_up');

  expect(idsOf(receiver)).toEqual([1, 2, 3]);
});

test.each([
  ['system identifier', `system_identifier = '7'`],
  ['timeline', 'timeline = 99'],
])('another %s than the one that was drained is refused', async (_fact, change) => {
  const { pipeline, receiver } = await drainedOnce();
  const { database } = pipeline;
  await database.query(`update walhook.pipelines set ${change}`);
  await database.query('insert into t values (2)');
  const before = await database.query('select announced_lsn::text from walhook.pipelines');

  for (let i = 0; i < 2; i++) expect(refusal(await pipeline.drain())).toBe('cluster_changed');

  expect(idsOf(receiver)).toEqual([1]);
  expect(await database.query('select announced_lsn::text from walhook.pipelines')).toEqual(before);
});

test('what the role cannot see of the identity cannot differ', async () => {
  const { pipeline, receiver } = await drainedOnce();
  await pipeline.database.query(
    'update walhook.pipelines set system_identifier = null, timeline = null, publication_oid = null',
  );
  await pipeline.database.query('insert into t values (2)');
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(idsOf(receiver)).toEqual([1, 2]);
});

test('a checkpoint ahead of the WAL tells of a restored database', async () => {
  const { pipeline, receiver } = await drainedOnce();
  await pipeline.database.query(`update walhook.endpoints set commit_lsn = 'FFFF/0'`);
  await pipeline.database.query('insert into t values (2)');
  const report = await pipeline.drain();
  expect(refusal(report)).toBe('cluster_changed');
  expect(report.error?.message).toContain('"hooks" has confirmed events up to FFFF/0');
  expect(idsOf(receiver)).toEqual([1]);
});

test('a slot that was left ahead of the WAL tells of it as well, and from where on ids are new', async () => {
  const { pipeline, receiver } = await drainedOnce();
  await pipeline.database.query(`update walhook.pipelines set announced_lsn = 'FFFF/0'`);
  await pipeline.database.query('insert into t values (2)');
  for (let i = 0; i < 2; i++) {
    const report = await pipeline.drain();
    expect(refusal(report)).toBe('cluster_changed');
    expect(report.error?.message).toContain('walhook left the slot at FFFF/0');
    expect(report.error?.remedy).toContain('move its WAL past FFFF/0');
  }
  expect(idsOf(receiver)).toEqual([1]);
});

test('a publication that was dropped fails the drain by name, and loses nothing', async () => {
  const { pipeline, receiver } = await drainedOnce();
  const { database } = pipeline;
  await database.query('insert into t values (2)');
  await database.query('drop publication walhook');
  const slotAt = await pipeline.slotAt();

  const report = await pipeline.drain();

  expect(refusal(report)).toBe('publication_missing');
  expect(report.error?.message).toContain('"walhook"');
  expect(await pipeline.slotAt()).toBe(slotAt);
  expect(idsOf(receiver)).toEqual([1]);
});

test.each([
  ['is missing', 'select pg_drop_replication_slot($1)', 'slot_missing'],
  [
    'reads another plugin',
    `select pg_drop_replication_slot($1), pg_create_logical_replication_slot($1, 'test_decoding')`,
    'slot_wrong_plugin',
  ],
  [
    'is physical',
    'select pg_drop_replication_slot($1), pg_create_physical_replication_slot($1)',
    'slot_wrong_plugin',
  ],
])('a slot that %s is refused by name', async (_what, sql, code) => {
  const { pipeline } = await drainedOnce();
  await pipeline.database.query(sql, [pipeline.config.slot]);
  const report = await pipeline.drain();
  expect(refusal(report)).toBe(code);
  expect(report.error?.message).toContain(pipeline.config.slot);
  // No database goes with a physical slot: it would stay behind.
  await pipeline.database.query(
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
    [pipeline.config.slot],
  );
});

test('missing state tables are an error that says what to run', async () => {
  const { pipeline } = await drainedOnce();
  const slotAt = await pipeline.slotAt();
  await pipeline.database.query('drop schema walhook cascade; insert into t values (2)');
  const report = await pipeline.drain();
  expect(refusal(report)).toBe('state_missing');
  expect(report.error?.remedy).toContain('walhook init');
  expect(lsnOf(await pipeline.slotAt())).toBe(lsnOf(slotAt));
});

test('a pipeline that was never registered is not drained', async () => {
  const { pipeline } = await drainedOnce();
  const other = await pipeline.configured({ pipeline: 'other' });
  expect(refusal(await other.drain())).toBe('state_missing');
});

test('a publication that was dropped and made again is refused: it does not know what came between', async () => {
  const { pipeline, receiver } = await drainedOnce();
  const { database } = pipeline;
  const leftAt = await pipeline.slotAt();
  await database.query('drop publication walhook');
  await database.query('insert into t values (2)');
  await database.query('create publication walhook for all tables');
  await database.query('insert into t values (3)');

  const report = await pipeline.drain();

  expect(refusal(report)).toBe('publication_replaced');
  expect(report.error?.remedy).toContain('init --adopt');
  expect(idsOf(receiver)).toEqual([1]);
  expect(await pipeline.slotAt()).toBe(leftAt);
});

test("another slot's name is refused: it may be somebody else's", async () => {
  const { pipeline, receiver } = await drainedOnce();
  const other = `${pipeline.config.slot}_other`;
  await pipeline.database.query(
    `select pg_create_logical_replication_slot('${other}', 'pgoutput')`,
  );
  await pipeline.database.query('insert into t values (2)');

  const report = await (await pipeline.configured({ slot: other })).drain();

  expect(refusal(report)).toBe('slot_replaced');
  expect(report.error?.message).toContain(`is drained from the slot "${pipeline.config.slot}"`);
  expect(idsOf(receiver)).toEqual([1]);
});
