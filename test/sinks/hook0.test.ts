import { afterAll, describe, expect, test } from 'vitest';
import { uuidV5 } from '../../src/formats/uuid-v5.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { DrainerSupply } from '../kill/drainer-process.ts';
import { keysOf, redrive } from '../operations/refused-events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  changeIn,
  createHook0Pipeline,
  hook0Application,
  hook0EndpointOf,
} from '../support/hook0-pipeline.ts';
import { startHook0Server } from '../support/hook0-server.ts';
import { createPipeline } from '../support/pipeline.ts';
import { secret } from '../support/secrets.ts';

const drainers = new DrainerSupply();
afterAll(() => drainers.close());

describe('a change of a row', () => {
  test('is an event whose payload is the change, and whose id derives from its place', async () => {
    const { hook0, pipeline, ingested } = await createHook0Pipeline(
      'create table orders (id int primary key)',
    );
    const [event] = await ingested('insert into orders values (1)');
    const [about] = await pipeline.database.query<{ system: string }>(
      'select system_identifier::text as system from pg_control_system()',
    );
    const change = changeIn(event!);
    expect(change).toMatchObject({ op: 'insert', table: 'orders', after: { id: 1 } });
    expect(event).toEqual({
      application_id: hook0Application.id,
      event_id: uuidV5(
        hook0Application.id,
        `${about!.system}/${pipeline.config.slot}/${change.id}`,
      ),
      event_type: 'walhook.orders.insert',
      payload_content_type: 'application/json',
      occurred_at: change.committed_at,
      labels: { service: 'walhook', table: 'public.orders', operation: 'insert' },
      payload: event!.payload,
    });
    expect(hook0.eventTypes(hook0Application.id)).toEqual(['walhook.orders.insert']);
  });

  test('keeps every digit, tells what is unchanged, and both keys of a row that changed its own', async () => {
    const { ingested } = await createHook0Pipeline(
      'create table t (id bigint primary key, n int default 0, note text); alter table t alter note set storage external',
    );
    const [low, , update, moved] = await ingested(
      `insert into t values (-9223372036854775808, 0, null), (9223372036854775807, 0, repeat('"\\ü', 1000))`,
      'update t set n = 1 where id > 0',
      'update t set id = 9223372036854775806, note = $$x$$ where id > 0',
    );
    expect(low!.payload).toContain('"after":{"id":-9223372036854775808,');
    expect(update!.payload).toContain('"key":{"id":9223372036854775807}');
    expect(changeIn(update!)).toMatchObject({ unchanged: ['note'] });
    expect(changeIn(update!).after).not.toHaveProperty('note');
    expect(moved!.payload).toContain('"before":{"id":9223372036854775807}');
    expect(moved!.payload).toContain('"after":{"id":9223372036854775806,');
  });

  test('reaches the same end as its table, whatever happened on the way', async () => {
    const { hook0, pipeline, ingested } = await createHook0Pipeline(
      'create table t (id int primary key, note text)',
      {
        retry: { attempts: 20, minDelayMs: 0, maxDelayMs: 0 },
        circuitBreaker: { failures: 1_000 },
      },
    );
    hook0.interrupt((_call, nth) => (nth % 7 === 3 ? 'lost' : nth % 5 === 1 ? 'reset' : undefined));
    await ingested(
      `insert into t select n, 'first' from generate_series(1, 40) n`,
      `update t set note = 'a "quoted" \\ text' where id % 3 = 0`,
      'delete from t where id % 4 = 0',
      'update t set id = id + 100 where id % 5 = 0',
      'truncate t',
      `insert into t select n, null from generate_series(1, 10) n`,
    );
    const copy = new Map<number, unknown>();
    for (const { op, before, key, after } of hook0.events.map(changeIn)) {
      if (op === 'truncate') copy.clear();
      if (before !== null) copy.delete(before.id);
      if (after !== null) copy.set(key!.id, after);
    }
    const rows = await pipeline.database.query('select * from t order by id');
    expect([...copy.values()].sort((a, b) => idOf(a) - idOf(b))).toEqual(rows);
    expect(new Set(hook0.events.map(({ event_id }) => event_id)).size).toBe(hook0.events.length);
  });

  test('has the type and the labels of the templates, within what Hook0 takes', async () => {
    const { ingested } = await createHook0Pipeline(
      `create schema "bills-2026"; create table "bills-2026"."Käufe und ${'x'.repeat(40)}" (id int)`,
      { eventType: 'shop.{schema}_{table}.{operation}d', labels: { tisch: '{schema}.{table} é' } },
    );
    const [event] = await ingested(
      `insert into "bills-2026"."Käufe und ${'x'.repeat(40)}" values (1)`,
    );
    expect(event!.event_type).toBe(`shop.bills_2026_K_ufe_und_${'x'.repeat(29)}.insertd`);
    // 50 bytes would end within a character.
    expect(event!.labels).toEqual({ tisch: `bills-2026.Käufe und ${'x'.repeat(28)}` });
  });

  test('may be none: a truncate, and a message with and without a transaction', async () => {
    const { ingested } = await createHook0Pipeline('create table t (id int)');
    const events = await ingested(
      'truncate t',
      `select pg_logical_emit_message(true, 'mail', 'in')`,
      // What is not transactional is on the disk with the next commit.
      `select pg_logical_emit_message(false, 'mail', 'out')`,
      'truncate t',
    );
    expect(events.map(({ event_type }) => event_type)).toEqual([
      'walhook.t.truncate',
      'walhook.mail.message',
      'walhook.mail.message',
      'walhook.t.truncate',
    ]);
    expect(events.map((event) => changeIn(event))).toMatchObject([
      { op: 'truncate' },
      { op: 'message', prefix: 'mail', transactional: true },
      { op: 'message', prefix: 'mail', transactional: false },
      { op: 'truncate' },
    ]);
  });
});

test('what an endpoint may not see is in no payload', async () => {
  const { ingested } = await createHook0Pipeline(
    `create table users (id int primary key, email text, ssn text);
     create table events (event_id uuid primary key, event_type text, payload json, labels json)`,
    {
      eventsTable: 'public.events',
      ordering: 'strict',
      columns: { exclude: ['ssn', 'events.payload'], mask: ['email'] },
    },
  );
  const [user, event] = await ingested(
    `insert into users values (1, 'a@example.com', '078-05-1120')`,
    `insert into events values (gen_random_uuid(), 'shop.order.paid', '"secret"', '{"a":"b"}')`,
  );
  expect(changeIn(user!).after).toEqual({ id: 1, email: '***' });
  expect(event).toMatchObject({ event_type: 'shop.order.paid', payload: 'null' });
});

test('a token that may send no more for now is waited for, as long as Hook0 says', async () => {
  const hook0 = await startHook0Server({ applications: [hook0Application], burst: 8 });
  const pipeline = await createPipeline(
    {
      endpoints: [{ ...hook0EndpointOf(hook0), concurrency: 1, retry: { maxDelayMs: 5_000 } }],
      // Not a second, as the wait is that is looked for.
      drain: { checkpointMs: 700 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 20) n');
  const clock = new FakeClock(Date.now());
  const draining = pipeline.drain({ platform: { ...nodePlatform, clock } });
  for (let waits = 1; waits <= 2; waits++) {
    await clock.untilAsleep((ms) => ms === 1_000);
    hook0.refill();
    clock.advance(1_000);
  }
  expect(await draining).toMatchObject({ status: 'caught_up', endpoints: [{ delivered: 20 }] });
  expect(hook0.calls.filter((call) => call.endsWith('429'))).toHaveLength(2);
});

test('a change that is too large for Hook0 becomes a dead letter, and the rest is sent', async () => {
  const { hook0, pipeline, ingested } = await createHook0Pipeline(
    'create table t (id int primary key, note text)',
  );
  const events = await ingested(
    `insert into t select n, repeat('x', case n when 2 then 700000 else 7 end)
     from generate_series(1, 3) n`,
  );
  expect(events.map((event) => changeIn(event).key!.id).sort()).toEqual([1, 3]);
  expect(hook0.sent.every(({ payload }) => String(payload).length < 1_000)).toBe(true);
  const letters = await pipeline.database.query('select reason, detail from walhook.dead_letters');
  expect(letters).toEqual([
    {
      reason: 'rejected',
      detail: expect.stringMatching(/^a payload of 7\d{5} characters; Hook0 takes/),
    },
  ]);
});

test('an event of a type that nobody may register waits as a dead letter, and is redriven under its id', async () => {
  const { hook0, pipeline, ingested } = await createHook0Pipeline(
    'create table t (id int primary key)',
    {
      registerEventTypes: false,
    },
  );
  expect(await ingested('insert into t values (1)')).toEqual([]);
  const refused = hook0.sent.at(-1)!;
  hook0.register(hook0Application.id, 'walhook.t.insert');

  const redriven = await redrive(pipeline.config, await keysOf(pipeline));

  expect(redriven).toHaveLength(1);
  expect(hook0.events).toEqual([refused]);
  expect(await keysOf(pipeline)).toEqual([]);
});

test('a drainer that was killed repeats events under the ids that they had', async () => {
  const { hook0, pipeline } = await createHook0Pipeline('create table t (id int primary key)', {
    concurrency: 2,
  });
  await pipeline.database.query('insert into t select n from generate_series(1, 30) n');
  const at = { step: 'after-send', nth: 12, signal: 'SIGKILL' } as const;
  expect(await drainers.take().drain({ config: pipeline.config, at })).toMatchObject({
    killed: true,
  });
  expect(hook0.events.length).toBeGreaterThan(0);

  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });

  const repeated = hook0.calls.filter((call) => call === 'POST /api/v1/event 409');
  expect(repeated.length).toBeGreaterThan(0);
  const rows = hook0.events.map((event) => changeIn(event).key!.id).sort((a, b) => a - b);
  expect(rows).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
});

test('a secret of another application holds everything, and is not told of', async () => {
  const { hook0, pipeline } = await createHook0Pipeline('create table t (id int primary key)', {
    apiToken: secret('another'),
  });
  await pipeline.database.query('insert into t values (1)');
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'held' });
  expect(report.endpoints[0]!.error).toContain('AuthInvalidBiscuit');
  expect(JSON.stringify(report)).not.toContain(secret('another'));
  expect(hook0.events).toEqual([]);
});

function idOf(row: unknown): number {
  return (row as { id: number }).id;
}
