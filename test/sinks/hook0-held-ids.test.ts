import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hook0Application, hook0EndpointOf } from '../support/hook0-pipeline.ts';
import { type Hook0Server, startHook0Server } from '../support/hook0-server.ts';
import { hook0Delivery, never, setUpHook0Sink } from '../support/hook0-sink.ts';
import { createPipeline } from '../support/pipeline.ts';
import { secret } from '../support/secrets.ts';

const another = { id: randomUUID(), token: secret('another-application') };
const both = { applications: [hook0Application, another] };
const TYPE = 'shop.orders.insert';

/** What the other application has under the id already. */
async function hold(hook0: Hook0Server, event_id: string): Promise<void> {
  hook0.register(another.id, TYPE);
  const event = hook0Delivery({ application_id: another.id, event_id });
  await fetch(`${hook0.url}/api/v1/event`, {
    method: 'POST',
    headers: { authorization: `Bearer ${another.token}`, 'content-type': 'application/json' },
    body: Buffer.from(event.body),
  });
}

const idsIn = ({ events }: Hook0Server, { id }: { readonly id: string }) =>
  events.filter(({ application_id }) => application_id === id).map(({ event_id }) => event_id);

describe('an id that is taken', () => {
  test('by the same event: it is delivered, once', async () => {
    const { hook0, sink } = await setUpHook0Sink();
    const event = hook0Delivery();
    for (let i = 0; i < 2; i++) {
      expect(await sink.send(event, never)).toMatchObject({ kind: 'delivered' });
    }
    expect(hook0.calls.slice(-2)).toEqual([
      'POST /api/v1/event 409',
      'GET /api/v1/events/{id} 200',
    ]);
    expect(hook0.events).toHaveLength(1);
  });

  test('by the same event, whose payload is of the largest that Hook0 takes', async () => {
    const { hook0, sink } = await setUpHook0Sink();
    const event = hook0Delivery({
      payload: 'é'.repeat(699_050),
      payload_content_type: 'text/plain',
    });
    for (let i = 0; i < 2; i++) {
      expect(await sink.send(event, never)).toMatchObject({ kind: 'delivered' });
    }
    expect(hook0.events).toHaveLength(1);
  });

  test('by an event of another application: the event comes under a second id, at every attempt the same', async () => {
    const { hook0, sink } = await setUpHook0Sink(both);
    const event = hook0Delivery();
    await hold(hook0, event.id);
    for (let i = 0; i < 3; i++) {
      expect(await sink.send(event, never)).toMatchObject({ kind: 'delivered' });
    }
    const ids = idsIn(hook0, hook0Application);
    expect(ids).toHaveLength(1);
    expect(ids).not.toContain(event.id);
  });

  test.each([
    ['payload', { payload: '{"n":2}' }],
    ['type', { event_type: 'shop.orders.update' }],
    ['labels', { labels: { table: 'invoices' } }],
  ])('by an event with other %s, as after a restore: both are there', async (_what, fields) => {
    const { hook0, send } = await setUpHook0Sink();
    const event_id = randomUUID();
    expect(await send({ event_id })).toMatchObject({ kind: 'delivered' });
    for (let i = 0; i < 2; i++) {
      expect(await send({ event_id, ...fields })).toMatchObject({ kind: 'delivered' });
    }
    expect(hook0.events).toHaveLength(2);
    expect(hook0.events[1]).toMatchObject(fields);
  });

  test('by other events, the second one too: the event is refused', async () => {
    const { hook0, send } = await setUpHook0Sink();
    await send();
    hook0.interrupt((call) => (call === 'POST /api/v1/event' ? 'EventAlreadyIngested' : undefined));
    expect(await send()).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('Hook0 has other events under the id'),
    });
    expect(hook0.events).toHaveLength(1);
  });

  test.each([
    ['reset', 'unavailable'],
    ['RateLimited', 'unavailable'],
    ['InternalServerError', 'unavailable'],
    [{ status: 404, body: '<html>' }, 'misconfigured'],
    [{ status: 200, body: '<html>' }, 'misconfigured'],
    [{ status: 200, body: '{}' }, 'misconfigured'],
  ] as const)('and nothing said of by whom (%j): %s', async (interruption, kind) => {
    const { hook0, sink } = await setUpHook0Sink(both);
    const event = hook0Delivery();
    await hold(hook0, event.id);
    hook0.interrupt((call) => (call.startsWith('GET') ? interruption : undefined));
    expect(await sink.send(event, never)).toMatchObject({ kind });
    hook0.interrupt(() => undefined);
    expect(await sink.send(event, never)).toMatchObject({ kind: 'delivered' });
    expect(idsIn(hook0, hook0Application)).toHaveLength(1);
  });

  test('and a token that may not read events: it counts after an answer that was lost, and waits for a person else', async () => {
    const mute = { ...hook0Application, may: ['register'] as const };
    const { hook0, sink } = await setUpHook0Sink({ applications: [mute, another] });
    const event = hook0Delivery();
    hook0.register(hook0Application.id, TYPE);
    hook0.interrupt(() => 'lost');
    expect(await sink.send(event, never)).toMatchObject({ kind: 'unavailable' });
    hook0.interrupt(() => undefined);
    expect(await sink.send(event, never)).toMatchObject({ kind: 'delivered' });

    const foreign = hook0Delivery();
    await hold(hook0, foreign.id);
    for (let i = 0; i < 2; i++) {
      expect(await sink.send(foreign, never)).toMatchObject({
        kind: 'misconfigured',
        reason: expect.stringContaining('event:get'),
      });
    }
    expect(idsIn(hook0, hook0Application)).toEqual([event.id]);
  });

  test('takes a turn of the endpoint for each request that it costs', async () => {
    const { hook0, sink } = await setUpHook0Sink(both);
    hook0.register(hook0Application.id, TYPE);
    const event = hook0Delivery();
    await hold(hook0, event.id);
    let turns = 1;
    await sink.send(event, never, undefined, () => Promise.resolve(++turns > 0));
    // One is the other application's.
    expect(turns).toBe(hook0.calls.length - 1);
  });
});

const TABLE = `create table events (event_id uuid primary key, event_type text, payload jsonb)`;
const ROWS = `insert into events select gen_random_uuid(), 'shop.order.paid', to_jsonb(n)
  from generate_series(1, 10) n`;

test('two endpoints with one events table and two applications both get every row', async () => {
  const hook0 = await startHook0Server(both);
  const endpoint = { ...hook0EndpointOf(hook0), eventsTable: 'public.events' };
  const other = { ...endpoint, name: 'other', applicationId: another.id, apiToken: another.token };
  const pipeline = await createPipeline({ endpoints: [endpoint, other] }, TABLE);
  await pipeline.database.query(ROWS);

  expect(await pipeline.drain()).toMatchObject({
    status: 'caught_up',
    endpoints: [{ delivered: 10 }, { delivered: 10 }],
  });

  for (const { id } of [hook0Application, another]) {
    const payloads = hook0.events.filter((event) => event.application_id === id);
    expect(payloads.map(({ payload }) => Number(payload)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, n) => n + 1),
    );
  }
  expect(await pipeline.database.query('select from walhook.dead_letters')).toEqual([]);
});

test('two endpoints that word one change differently for one application both send it', async () => {
  const hook0 = await startHook0Server({ applications: [hook0Application] });
  const endpoint = hook0EndpointOf(hook0);
  const other = { ...endpoint, name: 'other', eventType: 'audit.{table}.{operation}' };
  const pipeline = await createPipeline(
    { endpoints: [endpoint, other] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
  expect(hook0.events.map(({ event_type }) => event_type).sort()).toEqual([
    'audit.t.insert',
    'walhook.t.insert',
  ]);
});
