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
    found: expect.stringMatching(/^The endpoint "hooks" takes nothing .*HTTP 503.* in the slot/),
    remedy: expect.stringContaining('Make it answer 2xx again. It has been down for'),
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
      /^What is parked for the endpoint "hooks" is close to its cap: 2 /,
    ),
    remedy: expect.stringContaining('raise maxParkedEvents'),
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
    found: expect.stringMatching(
      /^The endpoint "hooks" has been paused for .* \(moving\): .* slot/,
    ),
  });
  expect(found.get('dead letters')).toMatchObject({
    status: 'warning',
    found: 'The endpoint "hooks" has 2 dead letters.',
    remedy: expect.stringContaining('walhook dead-letters list'),
  });
  const later = await pipeline.configured({ endpoints: [{ ...endpointTo(receiver), name: 'b' }] });
  const afterwards = await diagnosed(later);
  expect(afterwards.get('paused endpoints')).toMatchObject({ status: 'ok' });
  expect(afterwards.get('removed endpoints')).toMatchObject({
    status: 'warning',
    found: expect.stringMatching(/^The endpoint "hooks" is not configured any more, and has 2/),
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
    found: `The endpoint "hooks" was not configured while changes after ${left} were drained: it will not get these.`,
  });
});

test('doctor warns of keys that may be one id to Drasi, unless ids are escaped', async () => {
  const receiver = await startReceiver();
  const drasi = { ...endpointTo(receiver), url: `${receiver.url}sources/a/events/batch` };
  const joined = { ...drasi, format: 'drasi' } as const;
  const pipeline = await drainedOrders(
    { endpoints: [endpointTo(receiver)], keys: { 'public.by_hand': ['a', 'b'] } },
    0,
  );
  await pipeline.database.query(`
    create domain code as text;
    create table pairs (a text, b code, c int, primary key (a, b));
    create table numbered (a text, n int, at timestamptz, u uuid, primary key (a, n, at, u));
    create table by_index (id int primary key, a varchar not null, b text[] not null, unique (a, b));
    alter table by_index replica identity using index by_index_a_b_key;
    create table by_hand (id int primary key, a text, b text);
    create table single (a text primary key, b text)`);
  const idsOf = async (endpoint: Parameters<typeof drainedOrders>[0]['endpoints'][number]) =>
    (await diagnosed(await pipeline.configured({ endpoints: [endpoint] }))).get('ids of elements');
  expect(await idsOf(joined)).toMatchObject({
    status: 'warning',
    found:
      'two rows may have one id at "hooks", where "_" stands in a key: public.by_hand, public.by_index, public.pairs',
    remedy: expect.stringContaining('drasi.elementId: escaped'),
  });
  expect(await idsOf({ ...joined, drasi: { elementId: 'escaped' } })).toMatchObject({
    status: 'ok',
  });
  expect(await idsOf(endpointTo(receiver))).toMatchObject({ status: 'ok' });
});
