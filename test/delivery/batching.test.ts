import { describe, expect, test } from 'vitest';
import { captureChanges } from '../support/captured-changes.ts';
import { createPipeline, type PipelineOptions } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

type Batch = NonNullable<Extract<PipelineOptions['endpoints'][number], { type: 'http' }>['batch']>;

async function deliver(
  sql: string,
  batch: Batch,
  drain: NonNullable<PipelineOptions['drain']> = {},
): Promise<Receiver> {
  const receiver = await startReceiver();
  const endpoint = { name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' } as const;
  const pipeline = await createPipeline(
    { endpoints: [{ ...endpoint, batch }], drain },
    'create table t (id int primary key, note text)',
  );
  await pipeline.database.query(sql);
  expect((await pipeline.drain()).status).toBe('caught_up');
  return receiver;
}

const eventCounts = (receiver: Receiver) => receiver.requests.map(({ events }) => events.length);

test('a batch holds as many events as it may, and the last one the rest', async () => {
  const receiver = await deliver('insert into t select n from generate_series(1, 25) n', {
    maxEvents: 10,
  });
  expect(eventCounts(receiver)).toEqual([10, 10, 5]);
});

test('a body is no larger than it may be, and an event that is goes alone', async () => {
  const receiver = await deliver(
    `insert into t select n, repeat('x', case n when 7 then 5000 else 300 end)
     from generate_series(1, 20) n`,
    { maxEvents: 500, maxBytes: 2_048 },
  );
  const large = receiver.requests.filter(({ body }) => body.length > 2_048);
  expect(large.map(({ events }) => events)).toMatchObject([[{ after: { id: 7 } }]]);
  expect(Math.max(...eventCounts(receiver))).toBeGreaterThan(2);
  expect(receiver.events().map(({ key }) => (key as { id: number }).id)).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

test('a batch says which events it holds, where they come from and where they go', async () => {
  const changes = await captureChanges('create table t (id int primary key)');
  const { database, config } = changes.pipeline;
  const [first, , last] = await changes.of('insert into t values (1), (2), (3)');
  const [request] = changes.requests;
  const id = `${String(first?.['id'])}_${String(last?.['id'])}`;
  const [server] = await database.query<{ system: string }>(
    'select system_identifier::text as system from pg_control_system()',
  );
  expect(request?.body.toString()).toContain(
    `{"id":"${id}","pipeline":"walhook","endpoint":"hooks","source":` +
      `{"database":"${database.name}","slot":"${config.slot}","system":"${server!.system}"},"events":[`,
  );
  expect(JSON.parse(request!.body.toString())).toEqual({
    id,
    pipeline: 'walhook',
    endpoint: 'hooks',
    source: { database: database.name, slot: config.slot, system: server!.system },
    events: [first, expect.anything(), last],
  });
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(request?.body.length),
    'idempotency-key': id,
    'webhook-id': id,
  });
});

test('with one event a request, the body is the event itself, and its id is the request’s', async () => {
  const receiver = await deliver('insert into t values (1), (2)', { maxEvents: 1 });
  expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual(
    receiver.requests.map(({ body }) => (JSON.parse(body.toString()) as { id: string }).id),
  );
  expect(JSON.parse(receiver.requests[0]!.body.toString())).toMatchObject({
    op: 'insert',
    after: { id: 1 },
  });
});

describe('an event over the bound', () => {
  const bound = 4_096;
  const cases = [
    // Its message is over the bound already, and not even fetched.
    ['in the WAL', `repeat('x', 6000)`],
    // Escaped, its text is six times as long.
    ['as JSON', `repeat(E'\\x01', 1500)`],
  ] as const;

  test.each(cases)(
    '%s becomes a dead letter, once, and the rest is delivered',
    async (where, value) => {
      const receiver = await startReceiver();
      const pipeline = await createPipeline(
        {
          endpoints: [{ name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' }],
          drain: { maxEventBytes: bound },
        },
        'create table t (id int primary key, note text)',
      );
      const { database } = pipeline;
      await database.query(
        `insert into t select n, case n when 3 then ${value} else 'x' end from generate_series(1, 5) n`,
      );

      const reports = [await pipeline.drain(), await pipeline.drain()];

      expect(reports.map(({ status, events }) => [status, events])).toEqual([
        ['caught_up', 5],
        ['caught_up', 0],
      ]);
      expect(reports[0]?.endpoints[0]).toMatchObject({ delivered: 4, dead_lettered: 1 });
      expect(receiver.events().map(({ key }) => (key as { id: number }).id)).toEqual([1, 2, 4, 5]);
      const [before] = receiver.events().slice(1);
      const commit = String(before?.['id']).slice(0, 16);
      expect(
        await database.query(
          `select endpoint, event_id, schema, "table", operation, body, reason, detail
         from walhook.dead_letters`,
        ),
      ).toEqual([
        {
          endpoint: 'hooks',
          event_id: `${commit}-00000002`,
          schema: 'public',
          table: 't',
          operation: 'insert',
          body: null,
          reason: 'event_too_large',
          detail: expect.stringMatching(
            new RegExp(`^\\d+ bytes ${where}; the bound is ${bound} \\(drain.maxEventBytes\\)$`),
          ),
        },
      ]);
    },
  );

  test('is one dead letter for each endpoint, and one however often it is met', async () => {
    const [good, bad] = [await startReceiver(), await startReceiver(() => 500)];
    const endpoint = {
      type: 'http',
      ordering: 'strict',
      retry: { attempts: 1, minDelayMs: 0 },
    } as const;
    const pipeline = await createPipeline(
      {
        endpoints: [
          { ...endpoint, name: 'good', url: good.url },
          { ...endpoint, name: 'bad', url: bad.url, batch: { maxEvents: 2 } },
        ],
        drain: { maxEventBytes: bound },
      },
      'create table t (id int primary key, note text)',
    );
    await pipeline.database.query(`
      insert into t select n, repeat('x', case n when 3 then 6000 else 1 end)
      from generate_series(1, 5) n`);
    expect((await pipeline.drain()).status).toBe('held');
    bad.answerWith(() => 204);
    await pipeline.forgetFailures();
    expect((await pipeline.drain()).status).toBe('caught_up');
    expect(
      await pipeline.database.query(
        'select endpoint, count(*)::int as letters from walhook.dead_letters group by endpoint order by 1',
      ),
    ).toEqual([
      { endpoint: 'bad', letters: 1 },
      { endpoint: 'good', letters: 1 },
    ]);
    expect(good.events()).toHaveLength(4);
    expect(
      new Set(bad.requests.slice(1).flatMap(({ events }) => events.map(({ id }) => id))).size,
    ).toBe(4);
  });

  test.each([
    [
      'a message of a transaction',
      'message',
      `select pg_logical_emit_message(true, 'large', repeat('x', 6000))`,
      null,
    ],
    [
      'a message outside of one',
      'message',
      `select pg_logical_emit_message(false, 'large', repeat('x', 6000))`,
      null,
    ],
    ['an update', 'update', `update t set note = repeat('y', 6000)`, 't'],
  ])('may be %s', async (_what, operation, sql, table) => {
    const changes = await captureChanges('create table t (id int primary key, note text)', {
      drain: { maxEventBytes: bound },
    });
    await changes.of(`insert into t values (1, 'x')`);
    const events = await changes.of(`${sql};
      insert into t values (2, 'after')`);
    expect(events).toMatchObject([{ op: 'insert', key: { id: 2 } }]);
    expect(
      await changes.pipeline.database.query('select operation, "table" from walhook.dead_letters'),
    ).toEqual([{ operation, table }]);
  });
});
