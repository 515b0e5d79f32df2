import { describe, expect, test } from 'vitest';
import type { WalhookConfig } from '../../src/config/schema.ts';
import { type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { drainedOrders, keysOf, lettersOf, onPipeline, redrive } from './refused-events.ts';
import { signingSecret } from '../support/secrets.ts';

const endpointTo = (receiver: Receiver, name = 'hooks') =>
  ({ name, type: 'http', url: receiver.url, ordering: 'strict' }) as const;

const refusing = (...ids: readonly number[]) => {
  const texts = ids.map((id) => `"after":{"id":${id}}`);
  return ({ body }: { readonly body: Buffer }) =>
    texts.some((text) => body.includes(text)) ? { status: 422, body: 'no' } : 204;
};

const idsIn = (events: readonly Readonly<Record<string, unknown>>[]) =>
  events.map(({ after }) => (after as { id: number }).id);

test('what was refused is sent again in the order of its positions, and gone once it is taken', async () => {
  const receiver = await startReceiver(refusing(2, 5, 7));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 8);
  const sentBefore = receiver.requests.length;
  receiver.answerWith(() => 204);

  const told = await redrive(pipeline.config, await keysOf(pipeline));

  expect(told.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered', 'delivered']);
  const again = receiver.requests.slice(sentBefore);
  expect(idsIn(again.flatMap(({ events }) => events))).toEqual([2, 5, 7]);
  expect(await lettersOf(pipeline)).toEqual([]);
});

type HttpEndpoint = Extract<WalhookConfig['endpoints'][number], { type: 'http' }>;

const FORMATS: readonly (readonly [string, Partial<HttpEndpoint>])[] = [
  ['walhook', {}],
  ['walhook, one a request', { batch: { maxEvents: 1 } }],
  ['cloudevents, structured', { format: 'cloudevents', cloudevents: { mode: 'structured' } }],
  ['cloudevents, binary', { format: 'cloudevents', cloudevents: { mode: 'binary' } }],
  ['cloudevents, batched', { format: 'cloudevents', cloudevents: { mode: 'batched' } }],
  ['debezium', { format: 'debezium' }],
  ['drasi', { format: 'drasi' }],
  ['hasura', { format: 'hasura' }],
  ['sequin', { format: 'sequin' }],
  ['sequin, one a request', { format: 'sequin', batch: { maxEvents: 1 } }],
  ['supabase', { format: 'supabase' }],
  ['wal2http', { format: 'wal2http' }],
  ['wal2http, by column', { format: 'wal2http', wal2http: { columns: 'object' } }],
];

describe.each(FORMATS)('%s', (_format, options) => {
  test('an event is sent again as it was sent alone: the same bytes, the same id', async () => {
    const receiver = await startReceiver(() => 422);
    const endpoint = { ...endpointTo(receiver), ...options };
    const pipeline = await drainedOrders({ endpoints: [endpoint] }, 2);
    const alone = receiver.requests.map(asSent);
    receiver.answerWith(() => ({ status: 200, body: '{}' }));
    const told = await redrive(pipeline.config, await keysOf(pipeline));
    expect(told.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
    const again = receiver.requests.slice(alone.length).map(asSent);
    expect(again).toHaveLength(2);
    for (const request of again) expect(alone).toContainEqual(request);
  });
});

/** Without what belongs to one attempt. */
function asSent({ method, path, headers, body }: ReceivedRequest) {
  const { 'webhook-timestamp': _at, traceparent: _trace, ...same } = headers;
  return { method, path, headers: same, body: body.toString() };
}

test('an endpoint of single events gets the event itself, signed', async () => {
  const receiver = await startReceiver(refusing(1));
  const signing = { secrets: [signingSecret('orders')] };
  const endpoint = { ...endpointTo(receiver), batch: { maxEvents: 1 }, signing };
  const pipeline = await drainedOrders({ endpoints: [endpoint] }, 1);
  const [letter] = await lettersOf(pipeline);
  receiver.answerWith(() => 204);
  await redrive(pipeline.config, await keysOf(pipeline));
  const again = receiver.requests.at(-1)!;
  expect(again.body.toString()).toBe(letter!.body);
  expect(again.headers['webhook-id']).toBe(letter!.eventId);
  expect(again.headers['webhook-signature']).toMatch(/^v1,/);
});

test('one that is refused again stays with the new answer, and the others go', async () => {
  const receiver = await startReceiver(refusing(1, 2, 3));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 3);
  receiver.answerWith((request) =>
    idsIn(request.events).includes(2) ? { status: 409, body: 'still no' } : 204,
  );
  const told = await redrive(pipeline.config, await keysOf(pipeline));
  expect(told.map(({ outcome }) => outcome)).toEqual(['delivered', 'refused', 'delivered']);
  expect(told[1]).toMatchObject({ detail: 'HTTP 409: still no', answer: { status: 409 } });
  const left = await lettersOf(pipeline);
  expect(left).toMatchObject([
    { reason: 'rejected', detail: 'HTTP 409: still no', attempts: 2, answer: { status: 409 } },
  ]);
});

test('where the endpoint is unavailable, the rest is left alone', async () => {
  const receiver = await startReceiver(refusing(1, 2, 3));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 3);
  const sentBefore = receiver.requests.length;
  receiver.answerWith(() => 503);
  const told = await redrive(pipeline.config, await keysOf(pipeline));
  expect(told.map(({ outcome }) => outcome)).toEqual(['unavailable', 'left', 'left']);
  expect(receiver.requests.length).toBe(sentBefore + 1);
  const attempts = (await lettersOf(pipeline)).map((letter) => letter.attempts);
  expect(attempts.sort()).toEqual([1, 1, 2]);
});

test('an endpoint that answers 410 is paused, as by a drain, and the rest is left alone', async () => {
  const receiver = await startReceiver(refusing(1, 2));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 2);
  receiver.answerWith(() => 410);
  const told = await redrive(pipeline.config, await keysOf(pipeline));
  expect(told.map(({ outcome }) => outcome)).toEqual(['unavailable', 'left']);
  expect(
    await pipeline.database.query('select paused_reason, pause_parks from walhook.endpoints'),
  ).toEqual([{ paused_reason: 'gone: HTTP 410', pause_parks: false }]);
  const sentBefore = receiver.requests.length;
  await redrive(pipeline.config, await keysOf(pipeline));
  expect(receiver.requests).toHaveLength(sentBefore);
});

test('endpoints are served side by side: one that hangs keeps no other waiting', async () => {
  const slow = await startReceiver(refusing(1));
  const quick = await startReceiver(refusing(1));
  const endpoints: WalhookConfig['endpoints'] = [
    endpointTo(slow, 'slow'),
    endpointTo(quick, 'quick'),
  ];
  const pipeline = await drainedOrders({ endpoints }, 1);
  quick.answerWith(() => 204);
  const sentToQuick = quick.requests.length;
  slow.answerWith(async () => {
    await quick.waitFor(({ requests }) => requests.length > sentToQuick);
    return 204;
  });
  const told = await redrive(pipeline.config, await keysOf(pipeline));
  expect(told.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
});

test('two redrives at once send once', async () => {
  const receiver = await startReceiver(refusing(1));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 1);
  const keys = await keysOf(pipeline);
  const sentBefore = receiver.requests.length;
  receiver.answerWith(async () => {
    const [other] = await redrive(pipeline.config, keys);
    expect(other).toMatchObject({ outcome: 'taken' });
    return 204;
  });
  expect(await redrive(pipeline.config, keys)).toMatchObject([{ outcome: 'delivered' }]);
  expect(receiver.requests.length).toBe(sentBefore + 1);
  expect(await redrive(pipeline.config, keys)).toMatchObject([{ outcome: 'taken' }]);
});

test('one whose content was not kept cannot be sent, and says so', async () => {
  const receiver = await startReceiver();
  const drain = { maxEventBytes: 1_024 };
  const endpoints = [endpointTo(receiver)];
  const pipeline = await drainedOrders({ endpoints, drain }, 0);
  await pipeline.database.query(`alter table orders add note text`);
  await pipeline.database.query(`insert into orders values (1, repeat('x', 5000))`);
  await pipeline.drain();
  const told = await redrive(pipeline.config, await keysOf(pipeline));
  expect(told).toMatchObject([{ outcome: 'unsendable', detail: 'its content was not kept' }]);
  expect(receiver.requests).toEqual([]);
  expect(await lettersOf(pipeline)).toMatchObject([{ attempts: 0, reason: 'event_too_large' }]);
});

function throwing(): never {
  throw new Error('no such column');
}

test('what a transform failed for is sent as it was before only where that is asked for', async () => {
  const receiver = await startReceiver();
  const endpoints = [{ ...endpointTo(receiver), transform: throwing }];
  const pipeline = await drainedOrders({ endpoints }, 1);
  const keys = await keysOf(pipeline);
  expect(await redrive(pipeline.config, keys)).toMatchObject([
    { outcome: 'unsendable', detail: expect.stringContaining('--as-is') },
  ]);
  expect(receiver.requests).toEqual([]);
  expect(await lettersOf(pipeline)).toMatchObject([{ reason: 'transform_failed', attempts: 0 }]);
  expect(await redrive(pipeline.config, keys, { asIs: true })).toMatchObject([
    { outcome: 'delivered' },
  ]);
  expect(receiver.events()).toMatchObject([{ op: 'insert', after: { id: 1 } }]);
});

test('letters of a paused endpoint, and of one that is not configured any more, are left', async () => {
  const receiver = await startReceiver(refusing(1));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 1);
  const keys = await keysOf(pipeline);
  await onPipeline(pipeline, ({ state, pipeline: { name } }) =>
    state.pauseEndpoint(name, 'hooks', { reason: 'moving', parks: false }),
  );
  receiver.answerWith(() => 204);
  const sentBefore = receiver.requests.length;
  expect(await redrive(pipeline.config, keys)).toMatchObject([
    { outcome: 'left', detail: 'the endpoint is paused: moving' },
  ]);
  const others = await pipeline.configured({ endpoints: [endpointTo(receiver, 'other')] });
  expect(await redrive(others.config, keys)).toMatchObject([
    { outcome: 'left', detail: 'the endpoint is not configured any more' },
  ]);
  expect(receiver.requests.length).toBe(sentBefore);
});

test('asked to stop, a redrive ends what is being sent and leaves the rest', async () => {
  const receiver = await startReceiver(refusing(1, 2, 3));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 3);
  const stop = new AbortController();
  receiver.answerWith(() => {
    stop.abort();
    return 204;
  });
  const told = await redrive(pipeline.config, await keysOf(pipeline), { signal: stop.signal });
  expect(told.map(({ outcome }) => outcome)).toEqual(['delivered', 'left', 'left']);
  expect(await lettersOf(pipeline)).toHaveLength(2);
});

test('a redrive whose database goes away says so, and what was sent may be sent once more', async () => {
  const receiver = await startReceiver(refusing(1, 2));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 2);
  const keys = await keysOf(pipeline);
  receiver.answerWith(async () => {
    await pipeline.database.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where datname = current_database() and application_name like 'walhook:%'`,
    );
    return 204;
  });
  await expect(redrive(pipeline.config, keys)).rejects.toMatchObject({
    code: 'database_connection_lost',
  });
  expect(await lettersOf(pipeline)).toHaveLength(2);
  receiver.answerWith(() => 204);
  const told = await redrive(pipeline.config, keys);
  expect(told.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
});
