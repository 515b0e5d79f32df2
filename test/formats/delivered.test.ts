import { expect, test } from 'vitest';
import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import type { WalhookConfig } from '../../src/config/schema.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { stdoutSink } from '../../src/sinks/stdout/stdout-sink.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type ReceivedRequest, startReceiver } from '../support/receiver.ts';
import { schemaOf } from './schemas/schema-of.ts';
import type { Json } from './written.ts';

type Endpoint = WalhookConfig['endpoints'][number];
type Format = Partial<Extract<Endpoint, { type: 'http' }>>;

const TABLE = 'create table orders (id int primary key, total numeric)';
const CHANGES = [
  'insert into orders values (1, 12)',
  'update orders set id = 2',
  'truncate orders',
  `select pg_logical_emit_message(true, 'p', 'x')`,
];

/** As wal2http has them, in bodies of several events. */
const MESSAGES =
  'begin relation insert commit begin update commit begin truncate commit begin message commit'.split(
    ' ',
  );

/** What every endpoint understands as a success, Drasi among them. */
const TAKEN = { status: 200, body: '{}' };

/** The requests that the changes are delivered in, by one endpoint. */
async function deliver(format: Format): Promise<readonly ReceivedRequest[]> {
  const receiver = await startReceiver(() => TAKEN);
  const hooks = { name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' } as const;
  const pipeline = await createPipeline({ endpoints: [{ ...hooks, ...format }] }, TABLE);
  for (const change of CHANGES) await pipeline.database.query(change);
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'caught_up', events: 4 });
  return receiver.requests;
}

/** What the changes are on stdout. */
async function print(format: Format): Promise<string[]> {
  const stream = new PassThrough();
  const platform = { ...nodePlatform, createStdoutSink: () => stdoutSink(stream) };
  const endpoint = { name: 'print', type: 'stdout', ...format } as Endpoint;
  const pipeline = await createPipeline({ endpoints: [endpoint] }, TABLE);
  for (const change of CHANGES) await pipeline.database.query(change);
  expect(await pipeline.drain({ platform })).toMatchObject({ status: 'caught_up' });
  stream.end();
  return (await text(stream)).trimEnd().split('\n');
}

const bodyOf = (request: ReceivedRequest): unknown => JSON.parse(request.body.toString());

test('a batch of Debezium envelopes is a list', async () => {
  const requests = await deliver({ format: 'debezium', debezium: { name: 'shop' } });
  expect(requests).toHaveLength(1);
  const faultsOf = schemaOf('debezium');
  const envelopes = bodyOf(requests[0]!) as Json[];
  expect(envelopes.map(({ op }) => op)).toEqual(['c', 'd', 'c', 't', 'm']);
  expect(envelopes.flatMap(faultsOf)).toEqual([]);
  expect(envelopes[0]).toMatchObject({ source: { name: 'shop' } });
  expect(requests[0]!.headers['content-type']).toBe('application/json');
});

test('a Debezium envelope alone is the body, and those of a change of key are a list', async () => {
  const requests = await deliver({ format: 'debezium', batch: { maxEvents: 1 } });
  expect(requests.map(bodyOf)).toMatchObject([
    { op: 'c', source: { name: 'walhook' } },
    [{ op: 'd' }, { op: 'c' }],
    { op: 't' },
    { op: 'm' },
  ]);
});

test('Drasi is sent a list of what it knows, with floats, also of one event', async () => {
  const many = await deliver({ format: 'drasi' });
  expect(many).toHaveLength(1);
  const body = bodyOf(many[0]!) as { events: Json[] };
  expect(schemaOf('drasi')(body)).toEqual([]);
  expect(body.events.map(({ operation }) => operation)).toEqual(['update', 'delete', 'update']);
  expect(many[0]!.body.toString()).toContain('"total":12.0');

  const single = await deliver({
    format: 'drasi',
    drasi: { insertAs: 'insert', elementId: 'escaped' },
    values: { numeric: 'string' },
    batch: { maxEvents: 1 },
  });
  expect(single.map(bodyOf)).toMatchObject([
    { events: [{ operation: 'insert', element: { properties: { total: '12' } } }] },
    { events: [{ operation: 'delete' }, { operation: 'insert' }] },
  ]);
});

test('a batch of wal2http messages begins and ends its transactions', async () => {
  const requests = await deliver({ format: 'wal2http' });
  expect(requests).toHaveLength(1);
  const messages = bodyOf(requests[0]!) as Json[];
  expect(messages.flatMap(schemaOf('wal2http'))).toEqual([]);
  expect(messages.map(({ type }) => type)).toEqual(MESSAGES);
});

test('wal2http messages go one by one, each under an id of its own', async () => {
  const requests = await deliver({ format: 'wal2http', batch: { maxEvents: 1 } });
  const messages = requests.map(bodyOf) as Json[];
  expect(messages.flatMap(schemaOf('wal2http'))).toEqual([]);
  const expected =
    'begin relation insert commit begin relation update commit begin relation truncate commit begin message commit';
  expect(messages.map(({ type }) => type).join(' ')).toBe(expected);
  expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(requests.length);
});

test('a wal2http message with values by column is the body alone', async () => {
  const requests = await deliver({
    format: 'wal2http',
    wal2http: { columns: 'object' },
    batch: { maxEvents: 1 },
  });
  expect(requests.map(bodyOf)).toMatchObject([
    { type: 'insert', namespace: 'public', relation_name: 'orders' },
    { type: 'update' },
    { type: 'truncate' },
    { type: 'message' },
  ]);
});

test.each<{ format: Format; lines: object[] }>([
  {
    format: { format: 'cloudevents' },
    lines: ['insert', 'update', 'truncate', 'message'].map((op) => ({ type: `dev.walhook.${op}` })),
  },
  {
    format: { format: 'debezium' },
    lines: [{ op: 'c' }, { op: 'd' }, { op: 'c' }, { op: 't' }, { op: 'm' }],
  },
  {
    format: { format: 'drasi' },
    lines: [{ operation: 'update' }, { operation: 'delete' }, { operation: 'update' }],
  },
  {
    format: { format: 'hasura' },
    lines: ['INSERT', 'UPDATE'].map((op) => ({ event: { op }, trigger: { name: 'print' } })),
  },
  {
    format: { format: 'sequin' },
    lines: ['insert', 'update'].map((action) => ({
      action,
      metadata: { consumer: { name: 'print' } },
    })),
  },
  {
    format: { format: 'supabase' },
    lines: ['INSERT', 'UPDATE'].map((type) => ({ type })),
  },
  {
    format: { format: 'wal2http' },
    lines: MESSAGES.map((type) => ({ type })),
  },
])('on stdout $format.format is a line each', async ({ format, lines }) => {
  const printed = await print(format);
  expect(printed.map((line) => JSON.parse(line) as unknown)).toMatchObject(lines);
});

test('a source names the cluster and the database unless it is configured', async () => {
  const [request] = await deliver({ format: 'cloudevents' });
  expect(bodyOf(request!)).toMatchObject({
    source: expect.stringMatching(/^\/walhook\/\d{15,}\/test_[\da-f]+$/),
    type: 'dev.walhook.insert',
  });
});

test.each<Format & { format: string }>([
  { format: 'cloudevents', cloudevents: { mode: 'batched' } },
  { format: 'debezium' },
  { format: 'drasi' },
  { format: 'sequin' },
  { format: 'wal2http' },
])('a refused batch of $format is halved into bodies that are whole', async (format) => {
  const receiver = await startReceiver(({ body }) => (body.includes('poison') ? 422 : TAKEN));
  const hooks = { name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' } as const;
  const pipeline = await createPipeline(
    { endpoints: [{ ...hooks, ...format }] },
    'create table notes (id int primary key, note text)',
  );
  await pipeline.database.query(`
    insert into notes select n, case n when 5 then 'poison' else 'fine' end
    from generate_series(1, 8) n`);
  await pipeline.database.query('update notes set id = 20 where id = 8');
  const report = await pipeline.drain();
  expect(report).toMatchObject({
    status: 'caught_up',
    endpoints: [{ delivered: 8, dead_lettered: 1 }],
  });

  const faultsOf = schemaOf(format.format);
  const bodies = receiver.requests.map(bodyOf);
  expect(bodies.length).toBeGreaterThan(3);
  const faults = bodies.flatMap((body) => itemsOf(body).flatMap(faultsOf));
  expect(faults).toEqual([]);
});

/** What is in a body of Sequin's, or in a list. */
function itemsOf(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body;
  const { data } = body as { data?: unknown[] };
  return data ?? [body];
}

test('what was parked comes back whole, with the headers of each event', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          format: 'cloudevents',
          cloudevents: { mode: 'binary' },
          retry: { attempts: 1, minDelayMs: 0 },
          parkAfterMs: 0,
          circuitBreaker: { failures: 1, resetMs: 0 },
        },
      ],
    },
    TABLE,
  );
  await pipeline.database.query('insert into orders values (1, 12)');
  expect(await pipeline.drain()).toMatchObject({ endpoints: [{ parked: 1 }] });
  const before = receiver.requests.length;
  receiver.answerWith(() => 200);
  expect(await pipeline.drain()).toMatchObject({ endpoints: [{ delivered: 1 }] });
  const [again] = receiver.requests.slice(before);
  expect(again!.headers).toMatchObject({
    'ce-type': 'dev.walhook.insert',
    'ce-partitionkey': 'public.orders:1',
  });
});
