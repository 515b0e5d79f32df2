import { beforeAll, expect, test } from 'vitest';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import { parseLsn } from '../../src/pgoutput/lsn.ts';
import { type Connection, connect, disconnect, query } from '../../src/postgres/connection.ts';
import { readAtOnce } from '../../src/postgres/read-at-once.ts';
import type { OpenWindow } from '../../src/drain/window.ts';
import { serverMajorVersion } from '../support/database.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { startReceiver } from '../support/receiver.ts';

let server: EmbeddedServer;

// Of its own: what is read is all the WAL of a server, also that of other tests.
beforeAll(async () => {
  server = await startPrivateServer();
});

async function pipelineWithTable(): Promise<TestPipeline> {
  const { url } = await startReceiver();
  const endpoints = [{ name: 'hooks', type: 'http' as const, url }];
  const table = 'create table t (id int primary key, body text)';
  return createPipeline({ endpoints }, table, server.url());
}

type Asked = { readonly maxChanges?: number; readonly maxMessageBytes?: number };

async function read(
  { config }: TestPipeline,
  connection: Connection,
  { maxChanges = 1_000, maxMessageBytes = 1 << 20 }: Asked = {},
): Promise<OpenWindow | null> {
  const [row] = await query<{ at: string }>(
    connection,
    'select pg_current_wal_flush_lsn()::text as at',
  );
  return readAtOnce(
    connection,
    {
      slot: config.slot,
      publication: config.publication,
      stateSchema: config.state.schema,
      maxMessageBytes,
      now: () => 0,
    },
    { uptoLsn: parseLsn(row!.at), maxChanges },
  );
}

/** Each message's kind but for the bounds of transactions, and its whole size where it was cut. */
async function kindsOf(window: OpenWindow | null): Promise<string[]> {
  const kinds: string[] = [];
  for await (const chunk of window!.chunks) {
    const rows = chunk.open();
    while (rows.next()) {
      const kind = String.fromCharCode(rows.bytes[rows.start]!);
      if (kind === 'B' || kind === 'C') continue;
      kinds.push(rows.cutFromBytes > 0 ? `${kind} of ${rows.cutFromBytes}` : kind);
    }
  }
  return kinds;
}

async function withConnection<T>(
  { database }: TestPipeline,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { url } = database;
  const connection = await connect({ url, connectTimeoutMs: 5_000, applicationName: 'test' });
  try {
    return await use(connection);
  } finally {
    await disconnect(connection);
  }
}

test('little comes whole, in order, without what walhook wrote itself', async () => {
  const pipeline = await pipelineWithTable();
  await pipeline.drain();
  await pipeline.database.query(`
    insert into t values (1), (2);
    update walhook.pipelines set updated_at = now();
    delete from t where id = 1`);
  const kinds = await withConnection(pipeline, async (connection) =>
    kindsOf(await read(pipeline, connection)),
  );
  expect(kinds).toEqual(['R', 'I', 'I', 'D']);
});

test('a message over the bound comes cut, with its size', async () => {
  const pipeline = await pipelineWithTable();
  await pipeline.drain();
  await pipeline.database.query(`insert into t values (1, repeat('x', 5000))`);
  const kinds = await withConnection(pipeline, async (connection) =>
    kindsOf(await read(pipeline, connection, { maxMessageBytes: 1_000 })),
  );
  expect(kinds).toEqual(['R', expect.stringMatching(/^I of 50\d\d$/)]);
});

test('more rows, or more bytes, than are kept in memory are left to a reader', async () => {
  const pipeline = await pipelineWithTable();
  await pipeline.drain();
  await pipeline.database.query('insert into t select n from generate_series(1, 100) n');
  await withConnection(pipeline, async (connection) => {
    expect(await read(pipeline, connection, { maxChanges: 100 })).toBeNull();
    expect(await read(pipeline, connection)).not.toBeNull();
    await pipeline.database.query(
      `insert into t select n, repeat('x', 10000) from generate_series(101, 220) n`,
    );
    expect(await read(pipeline, connection)).toBeNull();
  });
});

test('nothing of it stays with the session', async () => {
  const pipeline = await pipelineWithTable();
  await withConnection(pipeline, async (connection) => {
    await query(connection, `set timezone to 'Asia/Tokyo'`);
    await read(pipeline, connection);
    expect(await query(connection, 'show timezone')).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
    await query(connection, `select pg_drop_replication_slot('${pipeline.config.slot}')`);
    await expect(read(pipeline, connection)).rejects.toMatchObject({ code: 'slot_missing' });
    expect(await query(connection, 'show timezone')).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
  });
});

// The collector of 14 counts sessions when it gets to it.
test.skipIf(serverMajorVersion < 15).each([
  ['nothing', 'create table unrelated ()', 0],
  ['little', 'insert into t select n from generate_series(1, 100) n', 100],
])('a drain that finds %s opens one connection', async (_what, statement, events) => {
  const pipeline = await pipelineWithTable();
  const { database } = pipeline;
  await pipeline.drain();
  await database.query(statement);
  const opened = async (): Promise<number> => {
    const [row] = await database.query<{ sessions: string }>(
      'select sessions from pg_stat_database where datname = current_database()',
    );
    return Number(row!.sessions);
  };
  const settled = await untilSteady(opened);
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'caught_up', events, to_lsn: report.target_lsn });
  expect(await pipeline.slotAt()).toBe(report.target_lsn);
  await expect.poll(opened).toBe(settled + 1);
});

/** Sessions are counted when they end, which the client does not see. */
async function untilSteady(look: () => Promise<number>): Promise<number> {
  let value = await look();
  await expect
    .poll(async () => {
      const before = value;
      value = await look();
      return value === before;
    })
    .toBe(true);
  return value;
}
