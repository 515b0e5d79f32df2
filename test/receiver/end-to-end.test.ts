import { expect, test } from 'vitest';
import { createMemoryStore, createReceiver, type WalhookEvent } from '../../src/receiver/index.ts';
import { createPipeline } from '../support/pipeline.ts';
import { serve } from './node-server.ts';
import { newSecret } from './signed-request.ts';

test('what a drain sends is verified and handled, all the way through a rotation of secrets', async () => {
  const [old, current] = [newSecret(), newSecret()];
  let secrets = [old];
  const handled: WalhookEvent[] = [];
  const url = await serve((request) =>
    createReceiver({ secrets, handle: (event) => void handled.push(event) })(request),
  );
  const signedBy = (...signing: string[]) => ({
    endpoints: [
      {
        name: 'hooks',
        type: 'http' as const,
        url,
        ordering: 'strict' as const,
        retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
        signing: { secrets: signing },
      },
    ],
  });
  const pipeline = await createPipeline(
    signedBy(old),
    'create table t (id bigint primary key, note text)',
  );
  const insertAndDrain = async (id: bigint, ...signing: string[]): Promise<string> => {
    await pipeline.database.query(`insert into t values (${id}, 'ä漢😀"\\')`);
    return (await (await pipeline.configured(signedBy(...signing))).drain()).status;
  };

  // The receiver learns the new secret first, then the sender; the old one goes in the same order.
  expect(await insertAndDrain(1n, old)).toBe('caught_up');
  secrets = [old, current];
  expect(await insertAndDrain(2n, old)).toBe('caught_up');
  expect(await insertAndDrain(9_007_199_254_740_993n, current, old)).toBe('caught_up');
  secrets = [current];
  expect(await insertAndDrain(4n, current, old)).toBe('caught_up');
  expect(await insertAndDrain(5n, current)).toBe('caught_up');
  // Who still signs with the old one alone is held, and nothing of it is lost.
  expect(await insertAndDrain(6n, old)).toBe('held');
  expect(await insertAndDrain(7n, current)).toBe('caught_up');

  const keys = handled.map(idOf);
  expect(keys).toEqual([1, 2, 9_007_199_254_740_993n, 4, 5, 6, 7]);
  expect(handled.every(({ after }) => after?.['note'] === 'ä漢😀"\\')).toBe(true);
});

test('every kind of event arrives as its type says', async () => {
  const secret = newSecret();
  const handled: WalhookEvent[] = [];
  const url = await serve(
    createReceiver({
      secrets: [secret],
      store: createMemoryStore(),
      handle: (event) => void handled.push(event),
    }),
  );
  const pipeline = await createPipeline(
    {
      endpoints: [
        { name: 'hooks', type: 'http', url, ordering: 'strict', signing: { secrets: [secret] } },
      ],
    },
    'create table t (id int primary key, note text)',
  );
  for (const statement of [
    `insert into t values (1, 'a')`,
    `update t set id = 2`,
    `delete from t`,
    `truncate t`,
    `select pg_logical_emit_message(true, 'prefix', 'content')`,
  ]) {
    await pipeline.database.query(statement);
  }
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(handled.map(summaryOf)).toEqual([
    'insert public.t {"id":1}: nothing → {"id":1,"note":"a"}',
    'update public.t {"id":2}: {"id":1} → {"id":2,"note":"a"}',
    'delete public.t {"id":2}: {"id":2} → nothing',
    'truncate public.t, cascade false',
    'message prefix: content',
  ]);
});

test('events of an outbox arrive in their own words', async () => {
  const secret = newSecret();
  const handled: WalhookEvent[] = [];
  const url = await serve(
    createReceiver({ secrets: [secret], handle: (event) => void handled.push(event) }),
  );
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url,
          outbox: { table: 'outbox' },
          signing: { secrets: [secret] },
        },
      ],
    },
    'create table outbox (id int primary key, type text, key text, payload jsonb)',
  );
  await pipeline.database.query(
    `insert into outbox values (1, 'order.paid', 'order-1', '{"amount": 9007199254740993}')`,
  );
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(handled).toMatchObject([
    {
      outbox_id: 1,
      type: 'order.paid',
      key: 'order-1',
      payload: { amount: 9_007_199_254_740_993n },
      seq: 0,
    },
  ]);
});

test('events whose handler failed come again alone, after those they were sent with', async () => {
  const secret = newSecret();
  const handled: string[] = [];
  const refused = new Set(['2']);
  const url = await serve(
    createReceiver({
      secrets: [secret],
      onError: () => undefined,
      handle: (event) => {
        const id = String(idOf(event));
        // Fails at the first try alone.
        if (refused.delete(id)) throw new Error('no room');
        handled.push(id);
      },
    }),
  );
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url,
          concurrency: 1,
          retry: { attempts: 3, minDelayMs: 0, maxDelayMs: 0 },
          signing: { secrets: [secret] },
        },
      ],
    },
    'create table t (id int primary key, note text)',
  );
  await pipeline.database.query(`insert into t values (1), (2), (3)`);
  await pipeline.database.query(`update t set note = 'later' where id = 2`);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(handled).toEqual(['1', '3', '2', '2']);
});

/** Handles by `handle` what a drain sends, in that order. */
async function handledBy(
  ordering: 'strict' | 'key',
  setUp: string,
  handle: (event: WalhookEvent) => void,
) {
  const secret = newSecret();
  const url = await serve(
    createReceiver({ secrets: [secret], ordering, onError: () => undefined, handle }),
  );
  return createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url,
          ordering,
          retry: { attempts: 3, minDelayMs: 0, maxDelayMs: 0 },
          signing: { secrets: [secret] },
        },
      ],
    },
    setUp,
  );
}

test.each(['strict', 'key'] as const)(
  'of ten changes of a row of which the first fails, ordered by %s, that one is a dead letter and nine arrive',
  async (ordering) => {
    const handled: unknown[] = [];
    const pipeline = await handledBy(
      ordering,
      'create table t (id int primary key, n int)',
      (event) => {
        if (event.after?.['n'] === 1) throw new Error('poison');
        handled.push(event.after?.['n']);
      },
    );
    await pipeline.database.query('insert into t values (1, 1)');
    for (let n = 2; n <= 10; n++) await pipeline.database.query(`update t set n = ${n}`);
    expect(await pipeline.drain()).toMatchObject({
      status: 'caught_up',
      endpoints: [{ delivered: 9, dead_lettered: 1 }],
    });
    expect(handled).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  },
);

test('while the handler fails for every event the endpoint is held, and nothing is a dead letter', async () => {
  let isDown = true;
  const handled: unknown[] = [];
  const pipeline = await handledBy('key', 'create table t (id int primary key)', (event) => {
    if (isDown) throw new Error('my database is down');
    handled.push(idOf(event));
  });
  await pipeline.database.query('insert into t select generate_series(1, 600)');
  expect(await pipeline.drain()).toMatchObject({
    status: 'held',
    endpoints: [
      {
        delivered: 0,
        dead_lettered: 0,
        error: expect.stringContaining('every event of a request failed'),
      },
    ],
  });
  isDown = false;
  await pipeline.forgetFailures();
  expect(await pipeline.drain()).toMatchObject({
    status: 'caught_up',
    endpoints: [{ delivered: 600, dead_lettered: 0 }],
  });
  expect(new Set(handled).size).toBe(600);
});

test('an event whose handler takes longer than the sender waits is handled once, and is no dead letter', async () => {
  const secret = newSecret();
  const handled: unknown[] = [];
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const receive = createReceiver({
    secrets: [secret],
    store: createMemoryStore(),
    handle: async (event) => {
      await finished;
      handled.push(idOf(event));
    },
  });
  const answers: Promise<Response>[] = [];
  const url = await serve((request) => {
    answers.push(receive(request));
    return answers.at(-1)!;
  });
  const waiting = (timeoutMs: number) => ({
    endpoints: [
      {
        name: 'hooks',
        type: 'http' as const,
        url,
        timeoutMs,
        retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
        signing: { secrets: [secret] },
      },
    ],
  });
  const impatient = await createPipeline(waiting(1_000), 'create table t (id int primary key)');
  const pipeline = await impatient.configured(waiting(60_000));
  await pipeline.database.query('insert into t values (1)');
  expect(await impatient.drain()).toMatchObject({ status: 'held' });
  await pipeline.forgetFailures();
  expect(await pipeline.drain()).toMatchObject({
    status: 'held',
    endpoints: [{ dead_lettered: 0, error: expect.stringContaining('busy') }],
  });
  finish();
  await answers[0];
  await pipeline.forgetFailures();
  expect(await pipeline.drain()).toMatchObject({
    status: 'caught_up',
    endpoints: [{ delivered: 1, dead_lettered: 0 }],
  });
  expect(handled).toEqual([1]);
});

test('an event that is too large for the receiver becomes a dead letter, and the rest arrives', async () => {
  const secret = newSecret();
  const handled: unknown[] = [];
  const url = await serve(
    createReceiver({
      secrets: [secret],
      maxBodyBytes: 100_000,
      handle: (event) => void handled.push(idOf(event)),
    }),
  );
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url, signing: { secrets: [secret] } }] },
    'create table t (id int primary key, note text)',
  );
  await pipeline.database.query(
    `insert into t select i, repeat('x', case i when 7 then 5000000 else 10 end) from generate_series(1, 12) i`,
  );
  const { status, endpoints } = await pipeline.drain();
  expect({ status, endpoints }).toMatchObject({
    status: 'caught_up',
    endpoints: [{ delivered: 11, dead_lettered: 1 }],
  });
  expect(handled.sort()).toEqual([1, 10, 11, 12, 2, 3, 4, 5, 6, 8, 9]);
});

function idOf(event: WalhookEvent): unknown {
  return event.op === undefined ? event.outbox_id : event.key?.['id'];
}

function summaryOf(event: WalhookEvent): string {
  switch (event.op) {
    case 'truncate':
      return `truncate ${event.schema}.${event.table}, cascade ${event.cascade}`;
    case 'message':
      return `message ${event.prefix}: ${atob(event.content)}`;
    case undefined:
      return `outbox ${event.type}`;
    default: {
      const [key, before, after] = [event.key, event.before, event.after].map((row) =>
        row === null ? 'nothing' : JSON.stringify(row),
      );
      return `${event.op} ${event.schema}.${event.table} ${key}: ${before} → ${after}`;
    }
  }
}
