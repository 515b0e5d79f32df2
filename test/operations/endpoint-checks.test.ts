import { expect, test } from 'vitest';
import { doctor, type Diagnosis } from '../../src/operations/doctor/doctor.ts';
import { pauseEndpoint } from '../../src/operations/pause-endpoint.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import type { TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { drainedOrders, onPipeline } from './refused-events.ts';

const endpointTo = (receiver: Receiver) =>
  ({
    name: 'hooks',
    type: 'http',
    url: receiver.url,
    retry: { attempts: 1, minDelayMs: 0 },
  }) as const;

async function diagnosed({ config }: TestPipeline): Promise<Map<string, Diagnosis>> {
  const found = new Map<string, Diagnosis>();
  const tools = {
    withPipeline: <T>(look: Parameters<typeof withPipeline<T>>[2]) =>
      withPipeline(config, nodePlatform, look),
    endpoints: [],
    reach: () => Promise.resolve(),
    now: () => nodePlatform.clock.now(),
  };
  await doctor(tools, (diagnosis) => found.set(diagnosis.name, diagnosis));
  return found;
}

test('doctor finds nothing wrong with endpoints that take their events', async () => {
  const receiver = await startReceiver();
  const found = await diagnosed(await drainedOrders({ endpoints: [endpointTo(receiver)] }, 3));
  for (const name of [
    'endpoints that are down',
    'paused endpoints',
    'parked events',
    'dead letters',
    'endpoints that were away',
    'removed endpoints',
  ]) {
    expect(found.get(name)).toMatchObject({ status: 'ok' });
  }
});

test('doctor fails for an endpoint that holds the slot, and warns of one whose events are parked', async () => {
  // No attempt is made in the meantime.
  const headers = { 'retry-after': '3600' };
  const receiver = await startReceiver(() => ({ status: 503, headers }));
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 2);
  expect((await diagnosed(pipeline)).get('endpoints that are down')).toMatchObject({
    status: 'failed',
    found: expect.stringMatching(/^"hooks" for .*HTTP 503.*\. The slot cannot move on$/),
    remedy: expect.stringContaining('walhook endpoints test hooks'),
  });

  const parks = await pipeline.configured({
    endpoints: [{ ...endpointTo(receiver), parkAfterMs: 0, maxParkedEvents: 2 }],
  });
  await parks.drain();
  const found = await diagnosed(parks);
  expect(found.get('endpoints that are down')).toMatchObject({ status: 'warning' });
  expect(found.get('parked events')).toMatchObject({
    status: 'warning',
    found: expect.stringMatching(
      /^2 of "hooks", \d+ bytes, for up to .*\. That of "hooks" is close/,
    ),
    remedy: expect.stringContaining('raise its cap'),
  });
});

test('doctor names paused endpoints, dead letters, and what removed endpoints left', async () => {
  const receiver = await startReceiver(() => 422);
  const pipeline = await drainedOrders({ endpoints: [endpointTo(receiver)] }, 2);
  await onPipeline(pipeline, (access) =>
    pauseEndpoint(access, 'hooks', { reason: 'moving', parks: false }),
  );
  const found = await diagnosed(pipeline);
  expect(found.get('paused endpoints')).toMatchObject({
    status: 'warning',
    found: expect.stringMatching(/^"hooks" for .* \(moving\), it holds the slot$/),
  });
  expect(found.get('dead letters')).toMatchObject({
    status: 'warning',
    found: '2 of "hooks"',
    remedy: expect.stringContaining('walhook dead-letters list'),
  });
  const later = await pipeline.configured({ endpoints: [{ ...endpointTo(receiver), name: 'b' }] });
  const afterwards = await diagnosed(later);
  expect(afterwards.get('paused endpoints')).toMatchObject({ status: 'ok' });
  expect(afterwards.get('removed endpoints')).toMatchObject({
    status: 'warning',
    found: expect.stringMatching(/: hooks$/),
  });
});

test('doctor warns of an endpoint that is back and has missed what was drained without it', async () => {
  const [going, staying] = [await startReceiver(), await startReceiver()];
  const stays = { ...endpointTo(staying), name: 'stays' };
  const both = await drainedOrders({ endpoints: [endpointTo(going), stays] }, 1);
  const left = await both.slotAt();
  const one = await both.configured({ endpoints: [stays] });
  await both.database.query('insert into orders values (100)');
  await one.drain();
  expect((await diagnosed(one)).get('endpoints that were away')).toMatchObject({ status: 'ok' });
  expect((await diagnosed(both)).get('endpoints that were away')).toMatchObject({
    status: 'warning',
    found: `not configured while changes were drained, which they will not get: "hooks" since ${left}`,
  });
});
