import { beforeAll, expect, test } from 'vitest';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import { parseLsn } from '../../src/pgoutput/lsn.ts';
import { connect, disconnect } from '../../src/postgres/connection.ts';
import { nothingPending } from '../../src/postgres/nothing-pending.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { startReceiver } from '../support/receiver.ts';

let server: EmbeddedServer;

// Of its own: what is looked through is all the WAL of a server, also that of other tests.
beforeAll(async () => {
  server = await startPrivateServer();
});

async function pipelineWithTable(): Promise<TestPipeline> {
  const { url } = await startReceiver();
  const endpoints = [{ name: 'hooks', type: 'http' as const, url }];
  return createPipeline(
    { endpoints },
    'create table t (id int primary key, body text)',
    server.url(),
  );
}

async function ask({ database, config }: TestPipeline, after = '0/0'): Promise<boolean> {
  const connection = await connect({
    url: database.url,
    connectTimeoutMs: 5_000,
    applicationName: 'test',
  });
  const [row] = await database.query<{ at: string }>(
    'select pg_current_wal_flush_lsn()::text as at',
  );
  try {
    return await nothingPending(connection, {
      slot: config.slot,
      publication: config.publication,
      stateSchema: config.state.schema,
      after: parseLsn(after),
      upTo: parseLsn(row!.at),
    });
  } finally {
    await disconnect(connection);
  }
}

test.each([
  ['a row', 'insert into t values (1)'],
  ['a truncate', 'truncate t'],
  ['a logical message', `select pg_logical_emit_message(false, 'p', 'c')`],
])('%s is something', async (_what, statement) => {
  const pipeline = await pipelineWithTable();
  await pipeline.drain();
  expect(await ask(pipeline)).toBe(true);
  await pipeline.database.query(statement);
  // A message outside of transactions is not flushed by itself.
  await pipeline.database.query('create table flushed ()');
  expect(await ask(pipeline)).toBe(false);
});

test('what walhook itself writes is nothing, also under a publication for all tables', async () => {
  const pipeline = await pipelineWithTable();
  await pipeline.database.query('insert into t values (1)');
  await pipeline.drain();
  await pipeline.drain();
  expect(await ask(pipeline)).toBe(true);
});

test('more WAL than a look should read may hold something', async () => {
  const pipeline = await pipelineWithTable();
  await pipeline.database.query(`
    create table elsewhere (body text);
    drop publication walhook;
    create publication walhook for table t`);
  await pipeline.database.query(
    `insert into elsewhere select repeat('x', 1000) from generate_series(1, 8000)`,
  );
  expect(await ask(pipeline)).toBe(false);
});

test('what was committed before is known, and no news', async () => {
  const pipeline = await pipelineWithTable();
  const { database } = pipeline;
  await database.query('insert into t values (1)');
  const open = await database.client();
  await open.query('begin; insert into t values (2)');
  const at = async (): Promise<string> => {
    const [row] = await database.query<{ at: string }>(
      'select pg_current_wal_flush_lsn()::text as at',
    );
    return row!.at;
  };
  const known = await at();
  expect([await ask(pipeline), await ask(pipeline, known)]).toEqual([false, true]);
  await open.query('commit');
  expect(await ask(pipeline, known)).toBe(false);
  expect(await ask(pipeline, await at())).toBe(true);
  await database.query(`select pg_logical_emit_message(false, 'p', 'c'); create table flushed ()`);
  expect(await ask(pipeline, known)).toBe(false);
});
