import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/delivery/sink.ts';
import { uuidV5 } from '../../src/formats/uuid-v5.ts';
import { fetchClient } from '../../src/sinks/http/fetch-client.ts';
import { hook0BaseUrl } from '../../src/sinks/hook0/base-url.ts';
import { hook0Sink } from '../../src/sinks/hook0/hook0-sink.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { hook0Application } from '../support/hook0-pipeline.ts';
import type { ProblemId } from '../support/hook0-rules.ts';
import type { Interruption } from '../support/hook0-server.ts';
import { hook0Delivery, never, setUpHook0Sink } from '../support/hook0-sink.ts';
import { secret } from '../support/secrets.ts';

/** What stands before Hook0 answers in its own words. */
const proxy = (status: number): Interruption => ({ status, body: '<html>' });

describe('an answer', () => {
  test.each<[Interruption, Outcome['kind']]>([
    ['InternalServerError', 'unavailable'],
    ['ServiceUnavailable', 'unavailable'],
    ['RateLimited', 'unavailable'],
    ['reset', 'unavailable'],
    [proxy(502), 'unavailable'],
    [proxy(429), 'unavailable'],
    ['TooManyEventsToday', 'misconfigured'],
    ['AuthInvalidAuthorizationHeader', 'misconfigured'],
    ['AuthNoAuthorizationHeader', 'misconfigured'],
    ['AuthInvalidBiscuit', 'misconfigured'],
    ['Forbidden', 'misconfigured'],
    ['NotFound', 'misconfigured'],
    [proxy(301), 'misconfigured'],
    ['JsonPayload', 'rejected'],
    ['EventInvalidPayloadContentType', 'rejected'],
    ['EventInvalidJsonPayload', 'rejected'],
    ['EventInvalidBase64Payload', 'rejected'],
    ['Validation', 'rejected'],
  ])('of %j is: %s', async (interruption, kind) => {
    const { hook0, send } = await setUpHook0Sink();
    await send();
    hook0.interrupt(() => interruption);
    expect(await send()).toMatchObject({ kind });
  });

  test.each<ProblemId>(['RateLimited', 'ServiceUnavailable'])(
    '%s says how long to wait',
    async (id) => {
      const { hook0, send } = await setUpHook0Sink();
      hook0.interrupt(() => id);
      expect(await send()).toMatchObject({ kind: 'unavailable', retryAfterMs: 1_000 });
    },
  );

  test.each([409, 400, 404])('%i that cannot be read refuses nothing', async (status) => {
    const { hook0, send } = await setUpHook0Sink();
    await send();
    const headers = { 'content-encoding': 'compress' };
    hook0.interrupt(() => ({ status, headers, body: '\u0000\u0001' }));
    expect(await send()).toMatchObject({ kind: 'unavailable' });
  });

  const answered = { application_id: 'a', event_id: 'b', received_at: 'c' };
  const type = { event_type_name: 'shop.orders.insert' };
  const SIGN_IN = '<!doctype html><title>Sign in</title>';
  test.each<[string, number, string | object]>([
    ['POST /api/v1/event', 200, SIGN_IN],
    ['POST /api/v1/event', 201, SIGN_IN],
    ['POST /api/v1/event', 200, answered],
    ['POST /api/v1/event', 201, { ...answered, received_at: null }],
    ['POST /api/v1/event', 201, [answered]],
    ['POST /api/v1/event', 204, ''],
    ['POST /api/v1/event_types', 200, SIGN_IN],
    ['POST /api/v1/event_types', 201, [type]],
    ['POST /api/v1/event_types', 204, ''],
  ])('to %s that is %i with %j is not from Hook0', async (call, status, said) => {
    const { hook0, send } = await setUpHook0Sink();
    const body = typeof said === 'string' ? said : JSON.stringify(said);
    hook0.interrupt((made) => (made === call ? { status, body } : undefined));
    expect(await send()).toMatchObject({
      kind: 'misconfigured',
      reason: expect.stringContaining(`not an answer of Hook0: HTTP ${status}`),
    });
    expect(hook0.events).toEqual([]);
    hook0.interrupt(() => undefined);
    expect(await send()).toMatchObject({ kind: 'delivered' });
  });

  test('that broke off leaves open whether the event is there', async () => {
    const { hook0, send } = await setUpHook0Sink();
    const body = '{"application_id":"a","event_id":';
    const headers = { 'content-type': 'application/json', 'content-length': '200' };
    hook0.interrupt((call) =>
      call === 'POST /api/v1/event' ? { status: 201, headers, body } : undefined,
    );
    expect(await send()).toMatchObject({ kind: 'unavailable' });
  });

  test('that was lost is made up for by the next attempt, which finds the event there', async () => {
    const { hook0, sink } = await setUpHook0Sink();
    const event = hook0Delivery();
    hook0.interrupt((call) => (call === 'POST /api/v1/event' ? 'lost' : undefined));
    expect(await sink.send(event, never)).toMatchObject({ kind: 'unavailable' });
    hook0.interrupt(() => undefined);
    expect(await sink.send(event, never)).toMatchObject({ kind: 'delivered' });
    expect(hook0.events).toHaveLength(1);
  });

  test('to a wrong token stops everything', async () => {
    const { send } = await setUpHook0Sink({}, { token: secret('other') });
    expect(await send()).toMatchObject({
      kind: 'misconfigured',
      reason: 'HTTP 403: AuthInvalidBiscuit: Invalid token.',
    });
  });

  test("to another application's token stops everything", async () => {
    const id = randomUUID();
    const { send } = await setUpHook0Sink({}, { applicationId: id, registerEventTypes: false });
    expect(await send({ application_id: id })).toMatchObject({ kind: 'misconfigured' });
  });
});

describe('an event that the server stumbles over', () => {
  const stumbling = { 'a\0b': 'c' };

  test('is refused when its attempts are used up and others passed meanwhile', async () => {
    const { sink } = await setUpHook0Sink();
    const poison = hook0Delivery({ labels: stumbling });
    const kinds: string[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      kinds.push((await sink.send(poison, never)).kind);
      await sink.send(hook0Delivery(), never);
    }
    expect(kinds).toEqual(['unavailable', 'unavailable', 'rejected']);
  });

  test('is not refused by a burst of failures, however many', async () => {
    const { sink } = await setUpHook0Sink();
    const poison = hook0Delivery({ labels: stumbling });
    for (let burst = 1; burst <= 2; burst++) {
      await sink.send(hook0Delivery(), never);
      for (let attempt = 1; attempt <= 5; attempt++) {
        expect(await sink.send(poison, never)).toMatchObject({ kind: 'unavailable' });
      }
    }
    await sink.send(hook0Delivery(), never);
    expect(await sink.send(poison, never)).toMatchObject({ kind: 'rejected' });
  });

  test('is refused beside another such one', async () => {
    const { sink } = await setUpHook0Sink();
    const poisons = [1, 2].map(() => hook0Delivery({ labels: stumbling }));
    const kinds: string[][] = [[], []];
    for (let attempt = 1; attempt <= 3; attempt++) {
      for (const [index, poison] of poisons.entries()) {
        kinds[index]!.push((await sink.send(poison, never)).kind);
      }
      await sink.send(hook0Delivery(), never);
    }
    const each = ['unavailable', 'unavailable', 'rejected'];
    expect(kinds).toEqual([each, each]);
  });

  test.each([1, 2, 3, 4, 5])('is none where the server fails by chance (seed %i)', async (seed) => {
    const { hook0, sink } = await setUpHook0Sink();
    await sink.send(hook0Delivery(), never);
    let state = seed;
    hook0.interrupt((call) => {
      if (call !== 'POST /api/v1/event') return undefined;
      state = (state * 48_271) % 2_147_483_647;
      return state % 1_024 < 512 ? 'InternalServerError' : undefined;
    });
    const waiting = Array.from({ length: 60 }, () => hook0Delivery());
    const kinds = new Set<string>();
    // Four lanes, each at its oldest event.
    for (let turn = 0; waiting.length > 0; turn++) {
      const lane = turn % Math.min(4, waiting.length);
      const { kind } = await sink.send(waiting[lane]!, never);
      kinds.add(kind);
      if (kind !== 'unavailable') waiting.splice(lane, 1);
    }
    expect([...kinds].sort()).toEqual(['delivered', 'unavailable']);
  });

  test('waits as long as nothing passes: that is an outage', async () => {
    const { hook0, sink } = await setUpHook0Sink();
    await sink.send(hook0Delivery(), never);
    hook0.interrupt(() => 'InternalServerError');
    const event = hook0Delivery();
    for (let attempt = 1; attempt <= 10; attempt++) {
      expect(await sink.send(event, never)).toMatchObject({ kind: 'unavailable' });
    }
    hook0.interrupt(() => undefined);
    expect(await sink.send(event, never)).toMatchObject({ kind: 'delivered' });
  });
});

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [i, 'x']));

describe('what Hook0 would refuse', () => {
  test.each([
    ['11 labels', { labels: many(11) }, '11 labels'],
    ['a label of too many bytes', { labels: { a: 'é'.repeat(26) } }, 'a label of 52 bytes'],
    ['a label with too long a name', { labels: { ['x'.repeat(51)]: 'b' } }, 'a label of 51 bytes'],
    ['51 entries of metadata', { metadata: many(51) }, '51 entries of metadata'],
    ['no event type', { event_type: '' }, 'the event type "" is not 1 to 200'],
    ['a payload of too many characters', { payload: '"'.repeat(699_051) }, '699051 characters'],
    ['a body of too many bytes', { payload: '€'.repeat(699_051) }, '699051 characters'],
    ['a body that escapes made too large', { payload: '\u0001'.repeat(699_000) }, 'takes 2097152'],
  ])('is not sent: %s', async (_what, fields, reason) => {
    const { hook0, send } = await setUpHook0Sink();
    expect(await send(fields)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining(reason),
      answer: null,
    });
    expect(hook0.calls).toEqual([]);
  });

  test('is sent up to the last character, label and entry', async () => {
    const { hook0, send } = await setUpHook0Sink();
    const text = { payload_content_type: 'text/plain' };
    expect(await send({ ...text, payload: 'x'.repeat(699_050) })).toMatchObject({
      kind: 'delivered',
    });
    expect(await send({ ...text, payload: 'é'.repeat(699_050) })).toMatchObject({
      kind: 'delivered',
    });
    expect(await send({ labels: many(10), metadata: many(50) })).toMatchObject({
      kind: 'delivered',
    });
    expect(hook0.events).toHaveLength(3);
  });

  test('is told by its members, not by labels that are named like them', async () => {
    const { send } = await setUpHook0Sink();
    const labels = { a: 'b', payload: 'x', event_type: 'y' };
    const payload = JSON.stringify({ a: 1, payload: ',"payload":"' });
    expect(await send({ labels, payload })).toMatchObject({ kind: 'delivered' });
  });
});

test.each([
  ['https://api.hook0.com', 'https://api.hook0.com/api/v1'],
  ['https://api.hook0.com/api/v1/', 'https://api.hook0.com/api/v1'],
  ['http://host:8081/hook0', 'http://host:8081/hook0/api/v1'],
])('the API of %s is at %s', (given, base) => {
  expect(hook0BaseUrl(given)).toBe(base);
});

test('the fetch of the platform speaks to it as well', async () => {
  const { hook0 } = await setUpHook0Sink();
  const sink = hook0Sink(
    {
      baseUrl: `${hook0.url}/api/v1`,
      token: hook0Application.token,
      applicationId: hook0Application.id,
      registerEventTypes: true,
      timeoutMs: 5_000,
      attempts: 1,
      idOf: (name) => uuidV5(hook0Application.id, name),
    },
    fetchClient(),
    new FakeClock(),
  );
  expect(await sink.send(hook0Delivery(), never)).toMatchObject({ kind: 'delivered' });
  expect(hook0.calls).toHaveLength(3);
});

test('an aborted attempt ends at once', async () => {
  const { hook0, sink } = await setUpHook0Sink();
  const over = new AbortController();
  hook0.interrupt(() => {
    over.abort();
    return 'hang';
  });
  expect(await sink.send(hook0Delivery(), over.signal)).toMatchObject({ kind: 'unavailable' });
});
