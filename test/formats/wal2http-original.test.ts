import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ColumnPolicy } from '../../src/formats/column-policy.ts';
import { wal2httpFormat } from '../../src/formats/wal2http.ts';
import { compileColumnPolicy } from '../../src/routing/column-policy.ts';
import { createPipeline, type PipelineOptions } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { captureEvents } from './captured-events.ts';
import { type Json, PLAIN, written } from './written.ts';

type Endpoint = Extract<PipelineOptions['endpoints'][number], { type: 'http' }>;

const recorded = JSON.parse(
  readFileSync(new URL('recorded/wal2http.json', import.meta.url), 'utf8'),
) as { changes: { sql: string; sent: Json[] }[] };

const TABLES = `
  create table kinds (id int primary key, ok bool, price numeric, raw bytea, ints int[], doc jsonb,
    at timestamptz, who varchar(40), nothing int);
  create table orders (id int primary key, note text, n numeric(10, 2));
  alter table orders alter note set storage external;
  create table full_orders (like orders including all);
  alter table full_orders replica identity full`;

async function setUp(options: Partial<Endpoint>) {
  const receiver = await startReceiver();
  const endpoint = { name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' } as const;
  const retry = { attempts: 3, minDelayMs: 0, maxDelayMs: 0 };
  const pipeline = await createPipeline(
    { endpoints: [{ ...endpoint, retry, format: 'wal2http', ...options }] },
    TABLES,
  );
  const oids = await pipeline.database.query<{ oid: number; relname: string }>(
    `select oid::int8::int, relname from pg_class where relname in ('kinds', 'orders', 'full_orders')`,
  );
  return { receiver, pipeline, tables: new Map(oids.map(({ oid, relname }) => [oid, relname])) };
}

/** What walhook adds, under names that wal2http does not use where it does. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  begin: ['final_lsn', 'timestamp'],
  insert: ['id', 'namespace', 'relation_name'],
  update: ['id', 'namespace', 'relation_name'],
  delete: ['id', 'namespace', 'relation_name'],
  truncate: ['id', 'relation_id', 'namespace', 'relation_name'],
};

/** The message as it was recorded: without what is added, and names in place of what differs. */
function asRecorded(message: Json, tables: ReadonlyMap<number, string>): Json {
  const type = String(message['type']);
  const own = Object.entries(message).filter(([name]) => ADDED[type]?.includes(name) !== true);
  const named = (name: string, value: unknown): unknown => {
    if (name === 'xid') return value === null ? null : 'xid';
    if (name === 'timestamp') return name;
    if (name.endsWith('_lsn')) return 'lsn';
    if (name === 'relation_id') return tables.get(Number(value));
    if (name === 'relation_ids') return (value as number[]).map((oid) => tables.get(oid));
    if (name === 'relation')
      return { ...(value as Json), oid: tables.get((value as Json)['oid'] as number) };
    return value;
  };
  return Object.fromEntries(own.map(([name, value]) => [name, named(name, value)]));
}

test.each<{ bodies: string; options: Partial<Endpoint> }>([
  { bodies: 'one message a request', options: { batch: { maxEvents: 1 } } },
  {
    bodies: 'a list',
    options: { filter: { operations: ['insert', 'update', 'delete', 'truncate'] } },
  },
])('a consumer of wal2http is sent what that sends it: $bodies', async ({ options }) => {
  const { receiver, pipeline, tables } = await setUp(options);
  for (const { sql, sent } of recorded.changes) {
    const before = receiver.requests.length;
    await pipeline.database.query(sql);
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
    const bodies = receiver.requests
      .slice(before)
      .map(({ body }) => JSON.parse(body.toString()) as Json | Json[]);
    const messages = bodies.flat() as Json[];
    expect(messages.map((message) => asRecorded(message, tables))).toEqual(sent);
  }
});

test('the end of a transaction that has been read is told', async () => {
  const { receiver, pipeline } = await setUp({});
  await pipeline.database.query('insert into orders values (1), (2)');
  await pipeline.drain();
  const messages = JSON.parse(receiver.requests[0]!.body.toString()) as Record<string, number>[];
  const [{ lsn }] = (await pipeline.database.query<{ lsn: string }>(
    `select (confirmed_flush_lsn - '0/0')::text as lsn from pg_replication_slots where slot_name = $1`,
    [pipeline.config.slot],
  )) as [{ lsn: string }];
  const { commit_lsn: commitLsn, end_lsn: endLsn } = messages.at(-1)!;
  expect(endLsn).toBeGreaterThan(commitLsn!);
  expect(endLsn).toBeLessThanOrEqual(Number(lsn));
});

test('a message that is not taken ends the event, which begins anew', async () => {
  const { receiver, pipeline } = await setUp({ batch: { maxEvents: 1 } });
  receiver.answerWith((_, nth) => (nth === 3 ? 500 : 204));
  await pipeline.database.query('insert into orders values (1)');
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
  const types = receiver.requests.map(
    ({ body }) => (JSON.parse(body.toString()) as { type: string }).type,
  );
  const all = ['begin', 'relation', 'insert', 'commit'];
  expect(types).toEqual([...all.slice(0, 3), ...all]);
  const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(ids.slice(0, 3)).toEqual(ids.slice(3, 6));
  expect(new Set(ids).size).toBe(4);
});

test('each table of a truncate has a message of its own where tables may be left out', async () => {
  const { receiver, pipeline, tables } = await setUp({ filter: { tables: ['full_orders'] } });
  await pipeline.database.query('truncate orders, full_orders');
  await pipeline.drain();
  const messages = JSON.parse(receiver.requests[0]!.body.toString()) as Json[];
  const truncate = messages.find(({ type }) => type === 'truncate');
  expect((truncate!['relation_ids'] as number[]).map((oid) => tables.get(oid))).toEqual([
    'full_orders',
  ]);
});

test('a column that may not be shown is none, and a value that is another has its length', async () => {
  const { catalog, of } = await captureEvents(TABLES);
  const [insert] = await of(`insert into orders values (1, 'secret', 5)`);
  const columns: ColumnPolicy = compileColumnPolicy({ mask: ['note'], exclude: ['n'] })!;
  const format = wal2httpFormat(catalog, { ...PLAIN, columns }, 'original');
  expect(written(format, insert!)['tuple_data']).toEqual({
    column_count: 2,
    columns: [
      { data_type: 't', length: 1, data: '1' },
      { data_type: 't', length: 3, data: '***' },
    ],
    processed_length: 16,
  });
});
