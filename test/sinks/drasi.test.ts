import { afterAll, describe, expect, test } from 'vitest';
import { DrainerSupply } from '../kill/drainer-process.ts';
import type { ElementValue } from '../support/drasi-graph.ts';
import { type DrasiServer, startDrasiServer } from '../support/drasi-server.ts';
import { createPipeline, type PipelineOptions, type TestPipeline } from '../support/pipeline.ts';

const drainers = new DrainerSupply();
afterAll(() => drainers.close());

type Endpoint = Extract<PipelineOptions['endpoints'][number], { type: 'http' }>;

type Setup = {
  readonly drasi: DrasiServer;
  readonly pipeline: TestPipeline;
  /** Runs the statements, each in a transaction of its own, and drains. */
  drained(...statements: readonly string[]): Promise<void>;
};

async function setUp(tables: string, options: Partial<Endpoint> = {}): Promise<Setup> {
  const drasi = await startDrasiServer();
  const endpoint = {
    name: 'drasi',
    type: 'http' as const,
    url: drasi.url,
    format: 'drasi' as const,
    drasi: { sourceId: drasi.sourceId },
    retry: { attempts: 5, minDelayMs: 0, maxDelayMs: 0 },
  };
  const pipeline = await createPipeline({ endpoints: [{ ...endpoint, ...options }] }, tables);
  return {
    drasi,
    pipeline,
    async drained(...statements) {
      for (const statement of statements) await pipeline.database.query(statement);
      expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
    },
  };
}

type Properties = Readonly<Record<string, ElementValue>>;

function nodesOf({ graph }: DrasiServer): Record<string, Properties> {
  return Object.fromEntries(
    [...graph.elements].map(([id, { properties }]) => [id, Object.fromEntries(properties)]),
  );
}

const orders = `
  create table orders (id bigint primary key, n int, price numeric(12, 2), weight float8,
    paid boolean, tags text[], doc jsonb, note text, raw bytea);
  alter table orders alter note set storage external;
  alter table orders replica identity full;
  create schema stock;
  create table stock.items (shop int, item text, count int, primary key (shop, item))`;

/** The tables as Drasi has to hold them. */
async function rowsOf({ database }: TestPipeline): Promise<Record<string, Properties>> {
  const nodes: Record<string, Properties> = {};
  type Order = Record<string, string | null> & { paid: boolean | null; tags: string[] | null };
  const found = await database.query<Order>(
    `select id::text, n::text, price::text, weight::text, paid, tags, note,
       encode(raw, 'base64') as raw, doc::text from orders`,
  );
  for (const { id, n, price, weight, doc, paid, tags, note, raw } of found) {
    nodes[`orders:${id}`] = {
      id: BigInt(id!),
      n: n === null ? null : BigInt(n!),
      price: price === null ? null : Number(price),
      weight: weight === null ? null : Number(weight),
      paid,
      tags,
      doc: doc === null ? null : JSON.stringify(JSON.parse(doc!)),
      note: note!,
      raw: raw!,
    };
  }
  const items = await database.query<{ shop: number; item: string; count: number }>(
    'select * from stock.items',
  );
  for (const { shop, item, count } of items) {
    nodes[`stock.items:${shop}_${item}`] = { shop: BigInt(shop), item, count: BigInt(count) };
  }
  return nodes;
}

const DML = [
  `insert into orders select n, n, n + 0.5, n * 1.5, n % 2 = 0, array['a', 'b "c"'],
     '{"a": {"b": [1, "x\\"y"]}}', repeat('abc', 1000), '\\x00ff' from generate_series(1, 60) n`,
  `insert into orders (id, weight) values (9223372036854775807, 2), (-9223372036854775808, 1e300)`,
  `insert into stock.items select n % 3, 'item ' || n, n from generate_series(1, 30) n`,
  'update orders set n = n * 2 where id % 3 = 0',
  'update orders set note = null, price = null where id % 7 = 0',
  'update orders set id = id + 1000 where id between 10 and 20',
  `update stock.items set item = item || '!' where shop = 1`,
  'delete from orders where id % 5 = 0',
  `begin; delete from stock.items where shop = 2; insert into stock.items values (2, 'item 2', 0); commit`,
];

describe('the graph', () => {
  test('ends as the tables, and every change is sent once', async () => {
    const { drasi, pipeline, drained } = await setUp(orders);
    await drained(...DML);
    expect(nodesOf(drasi)).toEqual(await rowsOf(pipeline));
    expect(drasi.graph.repeatedInserts).toBe(0);
    const labels = new Set([...drasi.graph.elements.values()].map((node) => node.labels.join()));
    expect(labels).toEqual(new Set(['orders', 'stock.items']));
  });

  test.each([
    ['lost answers', (nth: number) => (nth % 3 === 1 ? ('lost' as const) : undefined)],
    ['a full log', (nth: number) => (nth % 3 === 1 ? { roomFor: 7 } : undefined)],
    ['a source that stops', (nth: number) => (nth % 3 === 1 ? ('stopping' as const) : undefined)],
    ['resets', (nth: number) => (nth % 3 === 1 ? ('reset' as const) : undefined)],
  ])('ends as the tables after %s', async (_what, interrupt) => {
    const { drasi, pipeline, drained } = await setUp(orders, {
      batch: { maxEvents: 20 },
      ordering: 'strict',
    });
    drasi.interrupt(interrupt);
    await drained(...DML);
    expect(nodesOf(drasi)).toEqual(await rowsOf(pipeline));
    // An insert that came twice would have been counted twice.
    expect(drasi.graph.changes.every(({ operation }) => operation !== 'insert')).toBe(true);
  });

  test('ends as the tables after a drainer was killed', async () => {
    const { drasi, pipeline } = await setUp(orders, { batch: { maxEvents: 20 } });
    for (const statement of DML) await pipeline.database.query(statement);
    const at = { step: 'after-send', nth: 5, signal: 'SIGKILL' } as const;
    const { config } = pipeline;
    expect(await drainers.take().drain({ config, at })).toMatchObject({ killed: true });
    const before = drasi.graph.changes.length;
    expect(before).toBeGreaterThan(0);
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
    expect(nodesOf(drasi)).toEqual(await rowsOf(pipeline));
    // What is sent again has the time that it had: that of its commit.
    const times = new Set(drasi.graph.changes.map(({ timestamp }) => timestamp));
    expect(drasi.graph.changes.length).toBeGreaterThan(before);
    expect(times.size).toBeLessThanOrEqual(DML.length);
  });
});

test('a value that an update left alone is left out, and stays', async () => {
  const { drasi, drained } = await setUp(orders);
  await drained(
    `insert into orders (id, n, note) values (1, 1, repeat('abc', 1000))`,
    'update orders set n = 2',
  );
  const [, update] = drasi.graph.changes;
  expect(update).toMatchObject({ operation: 'update', id: 'orders:1' });
  expect([...update!.properties!.keys()]).not.toContain('note');
  expect(nodesOf(drasi)['orders:1']).toMatchObject({ n: 2n, note: 'abc'.repeat(1000) });
});

test('a row that changes its key goes, and comes under the other', async () => {
  const { drasi, drained } = await setUp(orders);
  await drained(`insert into stock.items values (1, 'a', 5)`, `update stock.items set item = 'b'`);
  expect(drasi.graph.changes.map(({ operation, id }) => [operation, id])).toEqual([
    ['update', 'stock.items:1_a'],
    ['delete', 'stock.items:1_a'],
    ['update', 'stock.items:1_b'],
  ]);
});

test('what Drasi has no element for is left out: truncates and messages', async () => {
  const { drasi, drained } = await setUp(orders);
  await drained(
    `insert into stock.items values (1, 'a', 5)`,
    'truncate stock.items',
    `select pg_logical_emit_message(true, 'mail', 'x')`,
  );
  expect(drasi.graph.changes).toHaveLength(1);
  expect(drasi.batches).toHaveLength(1);
});

test('of a batch that fails in part, the event that fails becomes a dead letter, alone', async () => {
  const { drasi, pipeline, drained } = await setUp(orders);
  drasi.failOn(({ id }) => id === 'orders:13');
  await drained('insert into orders (id) select generate_series(1, 50)');
  const { [`orders:13`]: _poison, ...others } = await rowsOf(pipeline);
  expect(nodesOf(drasi)).toEqual(others);
  const letters = await pipeline.database.query('select reason, body from walhook.dead_letters');
  expect(letters).toMatchObject([
    { reason: 'rejected', body: expect.stringContaining('"id":"orders:13"') },
  ]);
});

test('a batch that is too large for Drasi is split until it fits', async () => {
  const { drasi, pipeline, drained } = await setUp(orders, {
    batch: { maxEvents: 500, maxBytes: 8 << 20 },
    concurrency: 1,
  });
  await drained(
    `insert into orders (id, note) select n, repeat('x', 100000) from generate_series(1, 50) n`,
  );
  expect(nodesOf(drasi)).toEqual(await rowsOf(pipeline));
  expect(drasi.batches[0]).toMatchObject({ status: 413 });
  expect(drasi.graph.repeatedInserts).toBe(0);
});

test('a transaction stays whole where it is asked for', async () => {
  const { drasi, drained } = await setUp(orders, {
    batch: { maxEvents: 20, transactional: true },
  });
  const inserts = Array.from(
    { length: 9 },
    (_, i) => `insert into orders (id) select generate_series(${i * 7 + 1}, ${i * 7 + 7})`,
  );
  await drained(...inserts);
  expect(drasi.batches.map(({ changes }) => changes % 7)).toEqual(drasi.batches.map(() => 0));
  expect(drasi.graph.elements.size).toBe(63);
});

test("another source's id is a mistake in the configuration, not in the events", async () => {
  const { drasi, pipeline } = await setUp(orders, { drasi: { sourceId: 'other' } });
  await pipeline.database.query('insert into orders (id) values (1)');
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'held', endpoints: [{ dead_lettered: 0 }] });
  expect(report.endpoints[0]!.error).toContain('misconfigured');
  expect(report.endpoints[0]!.error).toContain(`Expected source '${drasi.sourceId}'`);
});
