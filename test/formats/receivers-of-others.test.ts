import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { testEndpoint } from '../../src/operations/test-endpoint.ts';
import { endpointSetup } from '../../src/runtime/endpoints.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { onPipeline } from '../operations/refused-events.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { schemaOf } from './schemas/schema-of.ts';

/*
 * Receivers that were written for another product, from its documents: each keeps a copy of a table.
 * They know nothing of walhook, and it is to them as if the product had sent the changes.
 */

type Row = Readonly<Record<string, unknown>> & { readonly id: number };
type Copy = Map<number, Row>;
type Told = { readonly copy: Copy; take(body: unknown): void };

/** An Edge Function behind a database webhook: INSERT, UPDATE and DELETE by `type`. */
function supabaseFunction(): Told {
  type Payload = { type: string; table: string; schema: string } & {
    record: Row | null;
    old_record: Row | null;
  };
  const copy: Copy = new Map();
  return {
    copy,
    take(body) {
      const payload = body as Payload;
      if (payload.schema !== 'public' || payload.table !== 'orders') return;
      if (payload.type !== 'INSERT') copy.delete(payload.old_record!.id);
      if (payload.type !== 'DELETE') copy.set(payload.record!.id, payload.record!);
    },
  };
}

/** A handler of one event trigger, which drops what comes twice by its id. */
function hasuraHandler(): Told {
  type Payload = {
    id: string;
    event: { op: string; data: { old: Row | null; new: Row | null } };
    table: { schema: string; name: string };
    trigger: { name: string };
    delivery_info: { current_retry: number };
  };
  const copy: Copy = new Map();
  const seen = new Set<string>();
  return {
    copy,
    take(body) {
      const { id, event, table, trigger } = body as Payload;
      if (trigger.name !== 'on_order' || table.name !== 'orders' || seen.has(id)) return;
      seen.add(id);
      const { old, new: current } = event.data;
      if (event.op === 'DELETE' || event.op === 'UPDATE') copy.delete(old!.id);
      if (event.op === 'INSERT' || event.op === 'UPDATE') copy.set(current!.id, current!);
    },
  };
}

/** A webhook of a sink, batched or not, which drops what comes twice by its idempotency key. */
function sequinWebhook(): Told {
  type Message = {
    record: Row;
    changes: Partial<Row> | null;
    action: 'insert' | 'update' | 'delete' | 'read';
    metadata: { table_name: string; idempotency_key: string; consumer: { name: string } };
  };
  const copy: Copy = new Map();
  const seen = new Set<string>();
  return {
    copy,
    take(body) {
      const messages = (body as { data?: Message[] }).data ?? [body as Message];
      for (const { record, changes, action, metadata } of messages) {
        if (metadata.table_name !== 'orders' || seen.has(metadata.idempotency_key)) continue;
        seen.add(metadata.idempotency_key);
        if (action === 'update') copy.delete(changes!.id ?? record.id);
        if (action === 'delete') copy.delete(record.id);
        else copy.set(record.id, record);
      }
    },
  };
}

const TABLES = `
  create table orders (id int primary key, total numeric, placed timestamptz, tags text[], doc jsonb);
  alter table orders replica identity full;
  create table others (id int primary key)`;
const CHANGES = [
  `insert into orders select n, n * 1.5, '2026-01-31 10:00:00.5+00', array['a', null], '{"n": [1]}'
     from generate_series(1, 20) n`,
  'update orders set total = total * 2 where id % 2 = 0',
  'update orders set id = id + 100 where id % 5 = 0',
  'insert into others values (1)',
  'delete from orders where id = 7',
  `select pg_logical_emit_message(true, 'p', 'x')`,
  'truncate others',
];

const cases = [
  { format: 'supabase', schema: 'supabase', told: supabaseFunction, options: {} },
  {
    format: 'hasura',
    schema: 'hasura',
    told: hasuraHandler,
    options: { hasura: { trigger: 'on_order' } },
  },
  { format: 'sequin', schema: 'sequin', told: sequinWebhook, options: {} },
  {
    format: 'sequin',
    schema: 'sequin',
    told: sequinWebhook,
    options: { batch: { maxEvents: 1 }, sequin: { consumerName: 'orders_webhook' } },
  },
] as const;

async function setUp(format: (typeof cases)[number]['format'], options: object) {
  const receiver = await startReceiver(() => ({ status: 200, body: 'ok' }));
  const endpoint = { name: 'hooks', type: 'http', url: receiver.url, format, ...options } as const;
  const retry = { attempts: 3, minDelayMs: 0, maxDelayMs: 0 };
  const pipeline = await createPipeline({ endpoints: [{ ...endpoint, retry }] }, TABLES);
  return { receiver, pipeline };
}

const bodiesOf = ({ requests }: Receiver): unknown[] =>
  requests.map(({ body }) => JSON.parse(body.toString()) as unknown);

/** The table as the copies have it: ids, and a total that no format rounds. */
async function rowsOf({ database }: TestPipeline): Promise<string[]> {
  const rows = await database.query<{ row: string }>(
    `select concat_ws(' ', id, total::float8, doc) as row from orders order by id`,
  );
  return rows.map(({ row }) => row);
}

const rowsIn = (copy: Copy): string[] =>
  [...copy.values()]
    .sort((a, b) => a.id - b.id)
    .map(
      ({ id, total, doc }) => `${id} ${Number(total)} ${JSON.stringify(doc).replace(':', ': ')}`,
    );

test.each(cases)(
  'a receiver of $format ends with the table, with $options',
  async ({ format, schema, told, options }) => {
    const { receiver, pipeline } = await setUp(format, options);
    // The third request is taken, and not answered well: it comes again.
    receiver.answerWith((_, nth) => (nth === 3 ? 500 : { status: 200, body: 'ok' }));
    for (const change of CHANGES) await pipeline.database.query(change);
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
    const handler = told();
    const bodies = bodiesOf(receiver);
    for (const body of bodies) handler.take(body);
    expect(rowsIn(handler.copy)).toEqual(await rowsOf(pipeline));
    expect(handler.copy.size).toBe(19);
    const faultsOf = schemaOf(schema);
    const messages = bodies.flatMap((body) => (body as { data?: unknown[] }).data ?? [body]);
    expect(messages.flatMap(faultsOf)).toEqual([]);
    for (const { headers } of receiver.requests) {
      expect(headers['content-type']).toBe('application/json');
    }
  },
);

test.each(cases)(
  'a test of an endpoint for $format changes nothing there, with $options',
  async ({ format, told, options }) => {
    const { receiver, pipeline } = await setUp(format, options);
    const { config } = pipeline;
    const setup = endpointSetup(config.endpoints[0]!, config, nodePlatform);
    const { outcome } = await onPipeline(pipeline, (access) =>
      testEndpoint(access, setup, nodePlatform.clock, new AbortController().signal),
    );
    expect(outcome).toMatchObject({ kind: 'delivered' });
    const handler = told();
    const [body] = bodiesOf(receiver);
    handler.take(body);
    expect(handler.copy.size).toBe(0);
    expect(receiver.requests[0]!.body.toString()).toContain('walhook.test');
  },
);

test("a sink's id is the same in each process, and its own for each endpoint", async () => {
  const receiver = await startReceiver();
  const hooks = { type: 'http', url: receiver.url, format: 'sequin' } as const;
  const named = ['one', 'two'].map((name) => ({ ...hooks, name }));
  const id = '00000000-0000-4000-8000-00000000000a';
  const given = { ...hooks, name: 'three', sequin: { consumerId: id, consumerName: 'sink' } };
  const pipeline = await createPipeline({ endpoints: [...named, given] }, TABLES);
  await pipeline.database.query('insert into others values (1)');
  await pipeline.drain();
  type Body = { data: { metadata: { consumer: { id: string; name: string } } }[] };
  const consumers = (bodiesOf(receiver) as Body[]).map(({ data }) => data[0]!.metadata.consumer);
  const byName = Object.fromEntries(consumers.map((consumer) => [consumer.name, consumer.id]));
  expect(Object.keys(byName).sort()).toEqual(['one', 'sink', 'two']);
  expect(byName['sink']).toBe(id);
  expect(new Set(Object.values(byName)).size).toBe(3);
  // What it is made of: the namespace is a part of what receivers are promised.
  expect(byName['one']).toBe(v5('8d0e4c52-5c1f-4b8e-8f61-0e6f2a9b7c3d', 'one'));
});

function v5(namespace: string, endpoint: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(JSON.stringify(['consumer', 'walhook', endpoint]))
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
