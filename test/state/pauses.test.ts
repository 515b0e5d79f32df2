import { expect, test } from 'vitest';
import { positionBefore } from '../../src/changes/position.ts';
import { HEALTHY } from '../../src/delivery/circuit-breaker.ts';
import { ZERO_LSN } from '../../src/pgoutput/lsn.ts';
import { acquire, openRegisteredStore, progressOf } from './registered-store.ts';

const PAUSE = { reason: 'moving "house" \0', parks: true };
const SEEN = { at: expect.any(Date), reason: 'moving "house" \uFFFD', parks: true };

test('an endpoint that was never drained to is paused, and starts nowhere before the slot', async () => {
  const { store } = await openRegisteredStore();
  await store.pauseEndpoint('shop', 'orders', PAUSE);
  expect(await store.loadEndpoints('shop')).toMatchObject([
    {
      endpoint: 'orders',
      settled: positionBefore(ZERO_LSN),
      settledAhead: new Uint8Array(),
      state: 'active',
      health: HEALTHY,
      pause: SEEN,
      delivered: 0n,
    },
  ]);
});

test('pausing leaves what an endpoint has reached as it is', async () => {
  const { store } = await openRegisteredStore();
  const progress = progressOf({ settledAhead: Uint8Array.of(1), delivered: 3 });
  await store.saveProgress(await acquire(store), 60_000, [progress]);
  const [before] = await store.loadEndpoints('shop');
  await store.pauseEndpoint('shop', 'orders', PAUSE);
  expect(await store.loadEndpoints('shop')).toEqual([
    { ...before, pause: SEEN, updatedAt: expect.any(Date) },
  ]);
});

test('a running drain is told of pauses with every progress that it saves', async () => {
  const { store, another } = await openRegisteredStore();
  const lease = await acquire(store);
  expect(await store.saveProgress(lease, 60_000, [progressOf()])).toEqual(new Map());
  await (await another()).pauseEndpoint('shop', 'audit', PAUSE);
  const told = new Map([['audit', SEEN]]);
  expect(await store.saveProgress(lease, 60_000, [progressOf()])).toEqual(told);
  expect(await store.saveProgress(lease, 60_000, [progressOf({ endpoint: 'audit' })])).toEqual(
    told,
  );
  expect(await store.saveProgress(lease, 60_000, [])).toEqual(told);
  await store.resumeEndpoint('shop', 'audit');
  expect(await store.saveProgress(lease, 60_000, [])).toEqual(new Map());
});

test('paused again, an endpoint has the new reason, and is paused since the first time', async () => {
  const { database, store } = await openRegisteredStore();
  await store.pauseEndpoint('shop', 'orders', PAUSE);
  await database.query(`update walhook.endpoints set paused_at = '2026-02-01T03:04:05.678Z'`);
  await store.pauseEndpoint('shop', 'orders', { reason: 'still', parks: false });
  expect(await store.loadEndpoints('shop')).toMatchObject([
    { pause: { at: new Date('2026-02-01T03:04:05.678Z'), reason: 'still', parks: false } },
  ]);
});

test('resuming ends the pause and closes the breaker; since when it is down, and from what, stays', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const downSince = Date.UTC(2026, 0, 31);
  const health = {
    breaker: 'open',
    consecutiveFailures: 9,
    downSince,
    nextAttemptAt: downSince + 1,
    stuck: null,
    lastFailure: 'unavailable',
  } as const;
  await store.saveProgress(lease, 60_000, [progressOf({ health })]);
  await store.pauseEndpoint('shop', 'orders', PAUSE);
  expect(await store.resumeEndpoint('shop', 'orders')).toBe(true);
  expect(await store.loadEndpoints('shop')).toMatchObject([
    { pause: null, health: { ...HEALTHY, downSince, lastFailure: 'unavailable' } },
  ]);
  expect(await store.resumeEndpoint('shop', 'orders')).toBe(false);
});

test('resuming an endpoint that waits lets the next drain try at once', async () => {
  const { store } = await openRegisteredStore();
  const health = { ...HEALTHY, consecutiveFailures: 1, nextAttemptAt: Date.UTC(2030, 0) };
  await store.saveProgress(await acquire(store), 60_000, [progressOf({ health })]);
  expect(await store.resumeEndpoint('shop', 'orders')).toBe(true);
  expect(await store.loadEndpoints('shop')).toMatchObject([{ health: HEALTHY }]);
});

test('a drain that made no attempt takes nothing back from who resumed the endpoint meanwhile', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const health = {
    breaker: 'open',
    consecutiveFailures: 9,
    downSince: 1,
    nextAttemptAt: Date.UTC(2030, 0),
    stuck: null,
    lastFailure: 'misconfigured',
  } as const;
  await store.saveProgress(lease, 60_000, [progressOf({ health })]);
  await store.resumeEndpoint('shop', 'orders');
  await store.saveProgress(lease, 60_000, [progressOf({ health: null, state: 'held' })]);
  expect(await store.loadEndpoints('shop')).toMatchObject([
    { state: 'held', health: { ...HEALTHY, downSince: 1, lastFailure: 'misconfigured' } },
  ]);
  await store.saveProgress(lease, 60_000, [progressOf({ endpoint: 'new', health: null })]);
  expect((await store.loadEndpoints('shop'))[0]).toMatchObject({
    endpoint: 'new',
    health: HEALTHY,
  });
});

test('there is nothing to pause in a pipeline that is not registered, nor to resume', async () => {
  const { store } = await openRegisteredStore();
  await expect(store.pauseEndpoint('other', 'orders', PAUSE)).rejects.toMatchObject({
    code: 'state_missing',
    detail: 'pipeline "other", schema "walhook"',
  });
  expect(await store.resumeEndpoint('other', 'orders')).toBe(false);
  expect(await store.loadEndpoints('other')).toEqual([]);
});
