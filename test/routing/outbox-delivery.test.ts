import { expect, test } from 'vitest';
import type { WalhookConfig } from '../../src/config/schema.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

type HttpEndpoint = Extract<WalhookConfig['endpoints'][number], { type: 'http' }>;

const TABLES = `
  create table outbox (id serial primary key, type text, key text, payload jsonb, headers jsonb);
  create table orders (id int primary key)`;

async function outboxTo(
  options: Partial<HttpEndpoint>,
): Promise<{ receiver: Receiver; pipeline: TestPipeline }> {
  const receiver = await startReceiver();
  const endpoint: HttpEndpoint = { name: 'hooks', type: 'http', url: receiver.url, ...options };
  return { receiver, pipeline: await createPipeline({ endpoints: [endpoint] }, TABLES) };
}

const put = (type: string, key: string | null, payload: unknown, headers: unknown = {}): string =>
  `insert into outbox (type, key, payload, headers) values ('${type}', ${key === null ? 'null' : `'${key}'`},
     '${JSON.stringify(payload)}', '${JSON.stringify(headers)}')`;

test('an endpoint gets its outbox and nothing else', async () => {
  const { receiver, pipeline } = await outboxTo({
    ordering: 'strict',
    outbox: { table: 'public.outbox', messages: { prefix: 'orders.*' } },
  });
  const { database } = pipeline;
  await database.query('insert into orders values (1)');
  await database.query(put('order.paid', 'order-1', { n: 1 }));
  await database.query(`select pg_logical_emit_message(true, 'orders.sent', '{"n": 2}')`);
  await database.query('delete from outbox');
  const report = await pipeline.drain();
  expect(receiver.events()).toMatchObject([
    { type: 'order.paid', key: 'order-1', payload: { n: 1 }, outbox_id: 1 },
    { type: 'orders.sent', key: null, payload: { n: 2 }, outbox_id: null },
  ]);
  expect(report.endpoints[0]).toMatchObject({ delivered: 2, filtered: 2 });
});

test('one event a request is its payload, and cannot pass for another sender', async () => {
  const { receiver, pipeline } = await outboxTo({
    batch: { maxEvents: 1 },
    outbox: { table: 'outbox' },
    headers: { 'X-Tenant': 'configured' },
    auth: { type: 'header', name: 'X-Api-Key', value: 'real' },
  });
  const forged = {
    'x-tenant': 'forged',
    'x-api-key': 'forged',
    'Webhook-Id': 'forged',
    'content-length': '1',
    'transfer-encoding': 'chunked',
    split: 'a\r\nx-injected: b',
    'User-Agent': 'forged',
    fine: 'yes',
  };
  await pipeline.database.query(put('order.paid', 'ä', [1], forged));
  await pipeline.drain();
  const [request] = receiver.requests;
  expect(request!.body.toString()).toBe('[1]');
  expect(request!.headers).toMatchObject({
    'x-tenant': 'configured',
    'x-api-key': 'real',
    'walhook-type': 'order.paid',
    'walhook-key': '%C3%A4',
    split: 'a%0D%0Ax-injected:%20b',
    fine: 'yes',
  });
  expect(request!.headers['webhook-id']).toMatch(/^[\dA-F]{16}-/);
  expect(request!.headers['user-agent']).toMatch(/^walhook\//);
  expect(request!.headers).not.toHaveProperty('x-injected');
});

test('events of one key stay in order, over lanes that work at once', async () => {
  const { receiver, pipeline } = await outboxTo({
    batch: { maxEvents: 1 },
    concurrency: 8,
    outbox: { table: 'outbox' },
  });
  const keys = ['a', 'b', 'c', null];
  for (let n = 0; n < 80; n++) {
    const key = keys[n % keys.length]!;
    await pipeline.database.query(put('counted', key, n));
  }
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'caught_up', events: 80 });
  for (const key of keys.filter((each) => each !== null)) {
    const ofKey = receiver.requests.filter(({ headers }) => headers['walhook-key'] === key);
    const numbers = ofKey.map(({ body }) => Number(body.toString()));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers).toHaveLength(20);
  }
});

test('a transform changes what is in the row before it is the event', async () => {
  const { receiver, pipeline } = await outboxTo({
    outbox: { table: 'outbox' },
    filter: { where: { 'after.type': { prefix: 'order.' } } },
    transform: (event) => ({ ...event, after: { ...event.after, payload: { changed: true } } }),
  });
  await pipeline.database.query(put('order.paid', null, 1));
  await pipeline.database.query(put('other', null, 1));
  await pipeline.drain();
  expect(receiver.events()).toMatchObject([{ type: 'order.paid', payload: { changed: true } }]);
});

test('a table that lacks a column of an outbox makes dead letters, which name it', async () => {
  const { pipeline } = await outboxTo({ outbox: { table: 'orders' } });
  await pipeline.database.query('insert into orders values (7)');
  const report = await pipeline.drain();
  expect(report.endpoints[0]).toMatchObject({ dead_lettered: 1 });
  const letters = await pipeline.database.query('select reason, detail from walhook.dead_letters');
  expect(letters).toMatchObject([
    { reason: 'outbox_failed', detail: expect.stringContaining('orders has no column type') },
  ]);
});
