import { expect, test } from 'vitest';
import type { Position } from '../../src/changes/position.ts';
import { HEALTHY } from '../../src/delivery/circuit-breaker.ts';
import type { EndpointProgress } from '../../src/drain/state-store.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import { acquire, openRegisteredStore, progressOf } from './registered-store.ts';

const at = (commitLsn: bigint, seq: number): Position => ({ commitLsn: toLsn(commitLsn), seq });

const LAST_DATE = 8.64e15;

/** The tallies are read apart from the rest: see tallies.test.ts. */
function untallied({ tally: _tally, ...progress }: EndpointProgress) {
  return progress;
}

test('progress is read back as it was saved, to the last bit', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const settledAhead = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const orders = progressOf({
    settled: at(0xffff_ffff_ffff_fffen, 4_294_967_295),
    settledAhead,
    state: 'held',
    reason: `503 after 3 attempts: "no, \\ {not} now", NULL, ✗ \0`,
    health: {
      breaker: 'open',
      consecutiveFailures: 7,
      downSince: Date.UTC(2026, 0, 31, 12) + 1,
      nextAttemptAt: Date.UTC(2026, 0, 31, 13) + 999,
      stuck: { eventId: '0000000000000001-00000000', times: 3 },
      lastFailure: 'misconfigured',
    },
    delivered: 9_007_199_254_740_991,
    filtered: 2,
    parked: 5,
    deadLettered: 3,
    failedAttempts: 4,
  });
  const other = progressOf({ endpoint: 'a "quoted", {odd} name', reason: null });

  await store.saveProgress(lease, 60_000, [orders, other]);

  expect(await store.loadEndpoints('shop')).toEqual([
    {
      ...untallied(other),
      missedFrom: null,
      pause: null,
      delivered: 0n,
      filtered: 0n,
      parked: 0n,
      deadLettered: 0n,
      failedAttempts: 0n,
      updatedAt: expect.any(Date),
    },
    {
      ...untallied(orders),
      reason: orders.reason?.replace('\0', '\uFFFD'),
      missedFrom: null,
      pause: null,
      delivered: 9_007_199_254_740_991n,
      filtered: 2n,
      parked: 5n,
      deadLettered: 3n,
      failedAttempts: 4n,
      updatedAt: expect.any(Date),
    },
  ]);
});

test.each([
  [Infinity, LAST_DATE],
  [1e20, LAST_DATE],
  [-1e20, 0],
  [NaN, null],
])('a time of %d at one endpoint fails no other: it is stored as %s', async (time, stored) => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const health = { ...HEALTHY, breaker: 'open', downSince: time, nextAttemptAt: time } as const;
  await store.saveProgress(lease, 60_000, [
    progressOf({ endpoint: 'bad', health }),
    progressOf({ endpoint: 'good', settled: at(0x2000n, 9) }),
  ]);
  expect(await store.loadEndpoints('shop')).toMatchObject([
    { endpoint: 'bad', health: { downSince: stored, nextAttemptAt: stored } },
    { endpoint: 'good', settled: at(0x2000n, 9) },
  ]);
});

test('counts are added up, and the rest is replaced', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const step = { delivered: 5, filtered: 6, parked: 9, deadLettered: 7, failedAttempts: 8 };
  const health = {
    breaker: 'open',
    consecutiveFailures: 5,
    downSince: 1,
    nextAttemptAt: 2,
    stuck: null,
    lastFailure: 'unavailable',
  } as const;
  await store.saveProgress(lease, 60_000, [
    progressOf({ ...step, health, state: 'held', reason: 'down', settledAhead: Uint8Array.of(1) }),
  ]);
  await store.saveProgress(lease, 60_000, [progressOf({ ...step, settled: at(0x2000n, 9) })]);
  expect(await store.loadEndpoints('shop')).toEqual([
    {
      endpoint: 'orders',
      settled: at(0x2000n, 9),
      settledAhead: new Uint8Array(),
      state: 'active',
      reason: null,
      health: HEALTHY,
      missedFrom: null,
      pause: null,
      delivered: 10n,
      filtered: 12n,
      parked: 18n,
      deadLettered: 14n,
      failedAttempts: 16n,
      updatedAt: expect.any(Date),
    },
  ]);
});

test.each([
  ['an earlier commit', at(0x9fn, 100)],
  ['an earlier event of the same commit', at(0x1000n, 6)],
])('a checkpoint does not go back to %s, but its counts count', async (_what, behind) => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const reached = { settled: at(0x1000n, 7), settledAhead: Uint8Array.of(1, 2, 3) };
  await store.saveProgress(lease, 60_000, [progressOf(reached)]);
  await store.saveProgress(lease, 60_000, [
    progressOf({ settled: behind, settledAhead: Uint8Array.of(9), delivered: 1 }),
  ]);
  expect(await store.loadEndpoints('shop')).toMatchObject([{ ...reached, delivered: 1n }]);
});

test('what is settled ahead is replaced where the checkpoint stands still', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const settled = at(0x1000n, 7);
  await store.saveProgress(lease, 60_000, [progressOf({ settled })]);
  const settledAhead = Uint8Array.of(1, 2, 3);
  await store.saveProgress(lease, 60_000, [progressOf({ settled, settledAhead })]);
  expect(await store.loadEndpoints('shop')).toMatchObject([{ settled, settledAhead }]);
});

test('a commit LSN is compared as a number, not as its text', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  await store.saveProgress(lease, 60_000, [progressOf({ settled: at(0x9_0000_0000n, 0) })]);
  const settled = at(0x10_0000_0000n, 0);
  await store.saveProgress(lease, 60_000, [progressOf({ settled })]);
  expect(await store.loadEndpoints('shop')).toMatchObject([{ settled }]);
});

test('saving renews the lease, also with nothing to save', async () => {
  const { database, store } = await openRegisteredStore();
  const lease = await acquire(store, { ttlMs: 60_000 });
  await store.saveProgress(lease, 7_200_000, []);
  expect(
    await database.query(
      `select lease_expires_at > now() + interval '1 hour' as renewed from walhook.pipelines`,
    ),
  ).toEqual([{ renewed: true }]);
});

test('the time of a change survives a session that writes dates in another way', async () => {
  const { database, store } = await openRegisteredStore();
  await store.saveProgress(await acquire(store), 60_000, [progressOf()]);
  await database.query(`update walhook.endpoints set updated_at = '2026-02-01T03:04:05.678Z'`);
  expect(await store.loadEndpoints('shop')).toMatchObject([
    { updatedAt: new Date('2026-02-01T03:04:05.678Z') },
  ]);
});

test('forgetting puts each checkpoint before everything and keeps the sums', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const settledAhead = Uint8Array.of(1);
  await store.saveProgress(lease, 60_000, [progressOf({ settledAhead, delivered: 3 })]);
  await store.forgetCheckpoints('shop');
  expect(await store.loadEndpoints('shop')).toMatchObject([
    { endpoint: 'orders', settled: at(0n, -1), settledAhead: new Uint8Array(), delivered: 3n },
  ]);
  await store.saveProgress(lease, 60_000, [progressOf({ settled: at(0x10n, 0) })]);
  expect(await store.loadEndpoints('shop')).toMatchObject([{ settled: at(0x10n, 0) }]);
});

test('pipelines in one schema do not see each other', async () => {
  const { store, database } = await openRegisteredStore();
  await store.saveProgress(await acquire(store), 60_000, [progressOf()]);
  await database.query(
    `insert into walhook.pipelines (pipeline, slot, publication, database, announced_lsn)
     values ('other', 's', 'p', 'd', '0/1')`,
  );
  await store.forgetCheckpoints('other');
  expect(await store.loadEndpoints('other')).toEqual([]);
  expect(await store.loadEndpoints('shop')).toMatchObject([{ settled: progressOf().settled }]);
});

test('where an endpoint began to miss something stays noted until progress is saved for it', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  await store.saveProgress(lease, 60_000, [progressOf({}), progressOf({ endpoint: 'other' })]);
  await store.noteMissed(lease, ['orders'], toLsn(0x3000n));
  await store.noteMissed(lease, ['orders'], toLsn(0x4000n));
  const missed = async () =>
    (await store.loadEndpoints('shop')).map(({ endpoint, missedFrom }) => [endpoint, missedFrom]);
  expect(await missed()).toEqual([
    ['orders', 0x3000n],
    ['other', null],
  ]);

  const stale = { ...lease, token: lease.token - 1n };
  await expect(store.noteMissed(stale, ['other'], toLsn(0x3000n))).rejects.toMatchObject({
    code: 'lease_lost',
  });

  await store.saveProgress(lease, 60_000, [progressOf({})]);
  expect(await missed()).toEqual([
    ['orders', null],
    ['other', null],
  ]);
});
