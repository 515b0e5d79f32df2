import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { undiciClient } from '../../src/sinks/http/undici-client.ts';
import { hook0Api } from '../../src/sinks/hook0/api.ts';
import { EventTypes } from '../../src/sinks/hook0/event-types.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { hook0Application } from '../support/hook0-pipeline.ts';
import { hook0Delivery, never, setUpHook0Sink } from '../support/hook0-sink.ts';

const always = (): Promise<boolean> => Promise.resolve(true);
const noTurn = (): Promise<boolean> => Promise.resolve(false);

describe('event types', () => {
  test('are registered where they are missing, each once', async () => {
    const { hook0, send } = await setUpHook0Sink();
    hook0.register(hook0Application.id, 'shop.orders.insert');
    const types = ['insert', 'update', 'update', 'insert', 'update', 'delete'];
    const sends = types.map((verb) => send({ event_type: `shop.orders.${verb}` }));
    expect((await Promise.all(sends)).map(({ kind }) => kind)).toEqual(
      types.map(() => 'delivered'),
    );
    expect(hook0.calls.filter((call) => call.includes('event_types'))).toEqual([
      'POST /api/v1/event_types 201',
      'POST /api/v1/event_types 201',
    ]);
    expect(hook0.eventTypes(hook0Application.id)).toHaveLength(3);
  });

  test('that a person has deactivated stay so, and their events are taken', async () => {
    const { hook0, send } = await setUpHook0Sink();
    hook0.register(hook0Application.id, 'shop.orders.insert');
    hook0.deactivate(hook0Application.id, 'shop.orders.insert');
    expect(await send()).toMatchObject({ kind: 'delivered' });
    expect(hook0.eventTypes(hook0Application.id)).toEqual([]);
    expect(hook0.calls).toEqual(['POST /api/v1/event 201']);
  });

  test('are not registered again for an event that was on its way meanwhile: the quota may be used up', async () => {
    const { hook0 } = await setUpHook0Sink({ eventTypesPerApplication: 1 });
    const { id, token } = hook0Application;
    const client = undiciClient(new URL(hook0.url), 1);
    onTestFinished(() => client.close());
    const api = hook0Api({ baseUrl: `${hook0.url}/api/v1`, token, timeoutMs: 5_000 }, client);
    const types = new EventTypes(api, id, new FakeClock());
    const before = types.timesRegistered('shop.orders.insert');
    for (let i = 0; i < 2; i++) {
      expect(await types.register('shop.orders.insert', before, never, always)).toBeNull();
    }
    expect(hook0.calls).toEqual(['POST /api/v1/event_types 201']);
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

  test('are not registered once no request may go out any more', async () => {
    const { hook0, sink } = await setUpHook0Sink();
    expect(await sink.send(hook0Delivery(), never, undefined, noTurn)).toMatchObject({
      kind: 'unavailable',
    });
    expect(hook0.calls).toEqual(['POST /api/v1/event 400']);
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

  test('need no rights: a token that may only send events sends them', async () => {
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
      reason: expect.stringMatching(/TooManyEventTypesPerApplication.*without \{operation\}/),
    });
    expect(await send()).toMatchObject({ kind: 'delivered' });
  });

  test('of another shape are sent where they exist, and refused here where not', async () => {
    const { hook0, send } = await setUpHook0Sink();
    hook0.register(hook0Application.id, 'user-account.created');
    expect(await send({ event_type: 'user-account.created' })).toMatchObject({ kind: 'delivered' });
    expect(await send({ event_type: 'user-account.deleted' })).toMatchObject({ kind: 'rejected' });
    expect(hook0.events).toHaveLength(1);
    expect(hook0.calls.filter((call) => call.includes('event_types'))).toEqual([]);
  });

  test.each([
    'user-service.sign-up.done',
    'boutique.payée x.é',
    `${'é'.repeat(50)}.${'😀'.repeat(50)}.x`,
    'shop.order.item.paid',
    'shop/eu.#1. ',
  ])('that Hook0 takes are registered: %s', async (eventType) => {
    const { hook0, send } = await setUpHook0Sink();
    expect(await send({ event_type: eventType })).toMatchObject({ kind: 'delivered' });
    expect(hook0.eventTypes(hook0Application.id)).toEqual([eventType]);
  });

  test.each(['a..b', '.a.b', 'a.b.', 'a.b', `${'é'.repeat(51)}.a.b`])(
    'that Hook0 does not take are not: %s',
    async (eventType) => {
      const { hook0, send } = await setUpHook0Sink();
      expect(await send({ event_type: eventType })).toMatchObject({
        kind: 'rejected',
        reason: expect.stringContaining('three parts of 1 to 50 characters'),
      });
      expect(hook0.calls).toEqual(['POST /api/v1/event 400']);
    },
  );
});
