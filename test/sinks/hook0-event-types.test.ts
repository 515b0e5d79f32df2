import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hook0Application } from '../support/hook0-pipeline.ts';
import { hook0Delivery, never, setUpHook0Sink } from '../support/hook0-sink.ts';

const noTurn = (): Promise<boolean> => Promise.resolve(false);

describe('event types', () => {
  test('are listed once, and only the missing are registered, each once', async () => {
    const { hook0, send } = await setUpHook0Sink();
    hook0.register(hook0Application.id, 'shop.orders.insert');
    const types = ['insert', 'update', 'update', 'insert', 'update', 'delete'];
    const sends = types.map((verb) => send({ event_type: `shop.orders.${verb}` }));
    expect((await Promise.all(sends)).map(({ kind }) => kind)).toEqual(
      types.map(() => 'delivered'),
    );
    expect(hook0.calls.filter((call) => call.includes('event_types')).sort()).toEqual([
      'GET /api/v1/event_types 200',
      'POST /api/v1/event_types 201',
      'POST /api/v1/event_types 201',
    ]);
    expect(hook0.eventTypes(hook0Application.id)).toHaveLength(3);
  });

  test('take a turn of the endpoint for each request about them', async () => {
    const { hook0, sink } = await setUpHook0Sink();
    let turns = 0;
    const turn = (): Promise<boolean> => Promise.resolve(++turns > 0);
    const send = (verb: string) =>
      sink.send(hook0Delivery({ event_type: `shop.orders.${verb}` }), never, undefined, turn);
    for (const verb of ['insert', 'update', 'insert']) await send(verb);
    hook0.forget(hook0Application.id, 'shop.orders.insert');
    expect(await send('insert')).toMatchObject({ kind: 'delivered' });
    // Each of the four deliveries had a turn before it came here.
    expect(turns + 4).toBe(hook0.calls.length);
  });

  test('are not asked for once no request may go out any more', async () => {
    const { hook0, sink } = await setUpHook0Sink();
    expect(await sink.send(hook0Delivery(), never, undefined, noTurn)).toMatchObject({
      kind: 'unavailable',
    });
    expect(hook0.calls).toEqual([]);
  });

  test('that were removed since are registered again, and the event is sent with the same id', async () => {
    const { hook0, send } = await setUpHook0Sink();
    await send();
    hook0.forget(hook0Application.id, 'shop.orders.insert');
    const id = randomUUID();
    expect(await send({ event_id: id })).toMatchObject({ kind: 'delivered' });
    expect(hook0.sent.slice(-2).map((event) => event['event_id'])).toEqual([id, id]);
    expect(hook0.calls.slice(-3)).toEqual([
      'POST /api/v1/event 400',
      'POST /api/v1/event_types 201',
      'POST /api/v1/event 201',
    ]);
  });

  test('are left alone where they are not to be registered', async () => {
    const { hook0, send } = await setUpHook0Sink({}, { registerEventTypes: false });
    expect(await send()).toMatchObject({
      kind: 'rejected',
      reason: 'HTTP 400: EventTypeDoesNotExist: shop.orders.insert',
      answer: { status: 400 },
    });
    expect(hook0.calls).toEqual(['POST /api/v1/event 400']);
  });

  test('need no list: a token that may only send events sends them', async () => {
    const { hook0, send } = await setUpHook0Sink({
      applications: [{ ...hook0Application, may: [] }],
    });
    hook0.register(hook0Application.id, 'shop.orders.insert');
    expect(await send()).toMatchObject({ kind: 'delivered' });
    expect(await send({ event_type: 'shop.orders.update' })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('shop.orders.update is not registered: HTTP 403: Forbidden'),
    });
  });

  test('over the quota are refused with their events, and others pass', async () => {
    const { send } = await setUpHook0Sink({ eventTypesPerApplication: 1 });
    expect(await send()).toMatchObject({ kind: 'delivered' });
    expect(await send({ event_type: 'shop.orders.update' })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('TooManyEventTypesPerApplication'),
    });
    expect(await send()).toMatchObject({ kind: 'delivered' });
  });

  test('of another shape are sent where they exist, and refused here where not', async () => {
    const { hook0, send } = await setUpHook0Sink();
    hook0.register(hook0Application.id, 'user-account.created');
    expect(await send({ event_type: 'user-account.created' })).toMatchObject({ kind: 'delivered' });
    expect(await send({ event_type: 'user-account.deleted' })).toMatchObject({ kind: 'rejected' });
    expect(hook0.sent).toHaveLength(1);
  });

  test('are tried by sending where there are more than are read', async () => {
    const { hook0, send } = await setUpHook0Sink();
    for (let i = 0; i < 2_000; i++) hook0.register(hook0Application.id, `shop.table_${i}.insert`);
    expect(await send({ event_type: 'shop.table_1999.insert' })).toMatchObject({
      kind: 'delivered',
    });
    expect(await send()).toMatchObject({ kind: 'delivered' });
    expect(hook0.calls).toEqual([
      'GET /api/v1/event_types 200',
      'POST /api/v1/event 201',
      'POST /api/v1/event 400',
      'POST /api/v1/event_types 201',
      'POST /api/v1/event 201',
    ]);
  });

  test('are listed again after a list that failed', async () => {
    const { hook0, send } = await setUpHook0Sink();
    hook0.interrupt((_call, nth) => (nth === 1 ? 'reset' : nth === 2 ? 'RateLimited' : undefined));
    expect(await send()).toMatchObject({ kind: 'unavailable', answer: null });
    expect(await send()).toMatchObject({ kind: 'unavailable', retryAfterMs: 1_000 });
    expect(await send()).toMatchObject({ kind: 'delivered' });
  });
});
