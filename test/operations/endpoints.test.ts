import { expect, test } from 'vitest';
import { readEndpoints } from '../../src/operations/endpoint-status.ts';
import { pauseEndpoint, resumeEndpoint } from '../../src/operations/pause-endpoint.ts';
import { testEndpoint } from '../../src/operations/test-endpoint.ts';
import { endpointSetup } from '../../src/runtime/endpoints.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { hook0Application, hook0EndpointOf } from '../support/hook0-pipeline.ts';
import { startHook0Server } from '../support/hook0-server.ts';
import { startDrasiServer } from '../support/drasi-server.ts';
import type { TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { drainedOrders, onPipeline } from './refused-events.ts';
import { signingSecret } from '../support/secrets.ts';

const endpointTo = (receiver: Receiver, name = 'hooks') =>
  ({ name, type: 'http', url: receiver.url, retry: { attempts: 1, minDelayMs: 0 } }) as const;

const SECRET = signingSecret('orders');
const KEPT = { reason: 'moving', parks: false };

function tested(pipeline: TestPipeline) {
  const { config } = pipeline;
  const setup = endpointSetup(config.endpoints[0]!, config, nodePlatform);
  return onPipeline(pipeline, (access) =>
    testEndpoint(access, setup, nodePlatform.clock, new AbortController().signal),
  );
}

test('a paused endpoint gets nothing and holds the slot; resumed, it gets all in order', async () => {
  const receiver = await startReceiver();
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 1);
  await onPipeline(pipeline, (access) => pauseEndpoint(access, 'hooks', KEPT));
  const before = await pipeline.slotAt();
  await pipeline.database.query('insert into orders values (2), (3)');

  const held = await pipeline.drain();
  expect(held).toMatchObject({ status: 'held', endpoints: [{ delivered: 0, state: 'held' }] });
  expect(await pipeline.slotAt()).toBe(before);
  expect(receiver.events()).toHaveLength(1);
  expect(await onPipeline(pipeline, readEndpoints)).toMatchObject([
    { name: 'hooks', state: 'paused', paused: { reason: 'moving', parks: false } },
  ]);

  expect(await onPipeline(pipeline, (access) => resumeEndpoint(access, 'hooks'))).toBe(true);
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
  expect(receiver.events().map(({ after }) => after)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  expect(await onPipeline(pipeline, (access) => resumeEndpoint(access, 'hooks'))).toBe(false);
});

test('an endpoint that parks while it is paused lets the slot move on, and gets it all later', async () => {
  const receiver = await startReceiver();
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 1);
  const parked = { reason: 'moving', parks: true };
  await onPipeline(pipeline, (access) => pauseEndpoint(access, 'hooks', parked));
  const before = await pipeline.slotAt();
  await pipeline.database.query('insert into orders values (2), (3)');
  await pipeline.drain();
  expect(await pipeline.slotAt()).not.toBe(before);
  expect(await onPipeline(pipeline, readEndpoints)).toMatchObject([
    { state: 'paused', waiting: { events: 2, bytes: expect.any(Number) }, parked: 2 },
  ]);
  await onPipeline(pipeline, (access) => resumeEndpoint(access, 'hooks'));
  await pipeline.database.query('insert into orders values (4)');
  await pipeline.drain();
  expect(receiver.events().map(({ after }) => (after as { id: number }).id)).toEqual([1, 2, 3, 4]);
  expect(await onPipeline(pipeline, readEndpoints)).toMatchObject([
    { state: 'active', waiting: null, delivered: 4 },
  ]);
});

test('a pause takes effect in a drain that is under way', async () => {
  const receiver = await startReceiver();
  const endpoint = {
    ...endpointTo(receiver),
    ordering: 'strict',
    batch: { maxEvents: 1 },
  } as const;
  const drain = { checkpointMs: 10 };
  const pipeline = await drainedOrders({ endpoints: [endpoint], drain }, 0);
  await pipeline.database.query('insert into orders select generate_series(1, 5000)');
  receiver.answerWith(async (_, nth) => {
    if (nth === 3) {
      await onPipeline(pipeline, (access) => pauseEndpoint(access, 'hooks', KEPT));
    }
    return 204;
  });
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'held', endpoints: [{ state: 'held' }] });
  expect(receiver.requests.length).toBeLessThan(5_000);
});

test('an endpoint that is not there is not paused, and the one that was meant is named', async () => {
  const receiver = await startReceiver();
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 0);
  const unknown = {
    code: 'endpoint_unknown',
    message: 'there is no endpoint "hoks"; did you mean "hooks"?',
  };
  await expect(
    onPipeline(pipeline, (access) => pauseEndpoint(access, 'hoks', KEPT)),
  ).rejects.toMatchObject(unknown);
  await expect(
    onPipeline(pipeline, (access) => resumeEndpoint(access, 'hoks')),
  ).rejects.toMatchObject(unknown);
  await expect(
    onPipeline(pipeline, (access) => resumeEndpoint(access, 'nothing like it')),
  ).rejects.toMatchObject({ message: expect.stringContaining('there are: hooks') });
});

test('an endpoint that was removed from the configuration is listed, and can be resumed', async () => {
  const receiver = await startReceiver();
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 1);
  await onPipeline(pipeline, (access) => pauseEndpoint(access, 'hooks', KEPT));
  const later = await pipeline.configured({ endpoints: [endpointTo(receiver, 'other')] });
  expect(await onPipeline(later, readEndpoints)).toMatchObject([
    { name: 'hooks', state: 'removed', delivered: 1 },
    { name: 'other', state: 'new' },
  ]);
  expect(await onPipeline(later, (access) => resumeEndpoint(access, 'hooks'))).toBe(true);
});

test('a test event is signed, framed as a real one, and told by its id and prefix', async () => {
  const receiver = await startReceiver(() => ({ status: 200, body: 'thanks' }));
  const endpoint = { ...endpointTo(receiver), signing: { secrets: [SECRET] } };
  const pipeline = await drainedOrders({ endpoints: [endpoint] }, 0);
  const result = await tested(pipeline);
  expect(result).toMatchObject({ endpoint: 'hooks', outcome: { kind: 'delivered' } });
  expect(result.eventId).toMatch(/^0{16}-[0-9A-F]{8}$/);
  const [request] = receiver.requests;
  expect(request!.headers['webhook-signature']).toMatch(/^v1,/);
  expect(request!.headers['webhook-id']).toBe(`${result.eventId}_${result.eventId}`);
  const body = JSON.parse(request!.body.toString()) as Record<string, unknown>;
  expect(body).toMatchObject({
    pipeline: 'walhook',
    endpoint: 'hooks',
    source: { database: pipeline.database.name, system: expect.stringMatching(/^\d+$/) },
  });
  expect(request!.events).toMatchObject([
    { id: result.eventId, op: 'message', prefix: 'walhook.test', transactional: false },
  ]);
});

test('a test of Drasi, which has no text for messages, deletes a node that is not there', async () => {
  const drasi = await startDrasiServer();
  const endpoint = {
    name: 'hooks',
    type: 'http',
    url: drasi.url,
    format: 'drasi',
    drasi: { sourceId: drasi.sourceId },
  } as const;
  const pipeline = await drainedOrders({ endpoints: [endpoint] }, 3);
  const before = [...drasi.graph.elements.keys()];
  expect(before).toHaveLength(3);
  const { outcome } = await tested(pipeline);
  expect(outcome).toMatchObject({ kind: 'delivered' });
  expect(drasi.batches.at(-1)).toEqual({ status: 200, changes: 1 });
  expect([...drasi.graph.elements.keys()]).toEqual(before);
  const elsewhere = await pipeline.configured({
    endpoints: [{ ...endpoint, drasi: { sourceId: 'another' } }],
  });
  expect((await tested(elsewhere)).outcome).toMatchObject({ kind: 'misconfigured' });
});

test('a test of an endpoint of single events sends the event alone; what comes back is told', async () => {
  const receiver = await startReceiver(() => ({ status: 422, body: 'not this' }));
  const endpoint = { ...endpointTo(receiver), batch: { maxEvents: 1 } };
  const pipeline = await drainedOrders({ endpoints: [endpoint] }, 0);
  const { eventId, outcome } = await tested(pipeline);
  expect(outcome).toMatchObject({ kind: 'rejected', answer: { status: 422, body: 'not this' } });
  expect(receiver.events()).toMatchObject([{ id: eventId, prefix: 'walhook.test' }]);
  expect(await onPipeline(pipeline, readEndpoints)).toMatchObject([
    { dead_letters: 0, failed_attempts: 0 },
  ]);
});

test('what a test event leaves at Hook0 is said', async () => {
  const hook0 = await startHook0Server({ applications: [hook0Application] });
  const pipeline = await drainedOrders({ endpoints: [hook0EndpointOf(hook0)] }, 0);
  const { note, outcome } = await tested(pipeline);
  expect(outcome).toMatchObject({ kind: 'delivered' });
  const [type] = hook0.eventTypes(hook0Application.id);
  expect(note).toContain(`Hook0 keeps its event type, ${type},`);
});
