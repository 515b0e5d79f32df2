import { expect, test } from 'vitest';
import { DispatchCounts } from '../../src/delivery/dispatch-counts.ts';
import { EMPTY_TALLY, type Tally } from '../../src/delivery/tally.ts';
import type { PipelineTallies } from '../../src/drain/state-store.ts';
import { NO_WINDOWS } from '../../src/drain/window-totals.ts';
import { acquire, letLeaseRunOut, openRegisteredStore, progressOf } from './registered-store.ts';

const NO_TALLIES: PipelineTallies = { windows: NO_WINDOWS, endpoints: new Map() };

function tallied(count: (counts: DispatchCounts) => void): Tally {
  const counts = new DispatchCounts();
  count(counts);
  return counts.snapshot().tally;
}

const FIRST = tallied((counts) => {
  counts.event('insert', 'delivered');
  counts.event('message', 'deadLettered');
  counts.attempt('gone', 30_001);
});

const TWICE = tallied((counts) => {
  for (let i = 0; i < 2; i++) {
    counts.event('insert', 'delivered');
    counts.event('message', 'deadLettered');
    counts.attempt('gone', 30_001);
  }
});

test('tallies are added up, by endpoint', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const other = progressOf({ endpoint: 'a "quoted", {odd} name' });
  await store.saveProgress(lease, 60_000, [progressOf({ tally: FIRST }), other]);
  await store.saveProgress(lease, 60_000, [progressOf({ tally: FIRST })]);
  expect((await store.loadTallies('shop')).endpoints).toEqual(
    new Map([
      [other.endpoint, EMPTY_TALLY],
      ['orders', TWICE],
    ]),
  );
});

test('a row that has counted fewer things so far goes on with those', async () => {
  const { database, store } = await openRegisteredStore();
  const lease = await acquire(store);
  await store.saveProgress(lease, 60_000, [progressOf({ tally: FIRST })]);
  await database.query(
    `update walhook.endpoints set events_by_operation = '{1}', attempts_by_outcome = '{}',
       attempts_by_latency = '{}', attempt_ms = 0`,
  );
  const [delivered, ...rest] = EMPTY_TALLY.events;
  const before = { ...EMPTY_TALLY, events: [delivered! + 1, ...rest] };
  expect((await store.loadTallies('shop')).endpoints).toEqual(new Map([['orders', before]]));
  await store.saveProgress(lease, 60_000, [progressOf({ tally: FIRST })]);
  const { events } = TWICE;
  const after = { ...FIRST, events: [...events.slice(0, -1), 1] };
  expect((await store.loadTallies('shop')).endpoints).toEqual(new Map([['orders', after]]));
});

test('what windows cost is added up, with progress and as the lease is released', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const cost = { walBytes: 2 ** 40, decodedMs: 7 };
  await store.saveProgress(lease, 60_000, [], [], [], cost);
  await store.saveProgress(lease, 60_000, []);
  await store.releaseLease(lease, null, cost);
  expect((await store.loadTallies('shop')).windows).toEqual({ walBytes: 2 ** 41, decodedMs: 14 });
});

test('whoever has lost the lease adds nothing', async () => {
  const under = await openRegisteredStore();
  const { store } = under;
  const lease = await acquire(store);
  await letLeaseRunOut(under);
  const successor = await acquire(await under.another());
  const cost = { walBytes: 1, decodedMs: 1 };
  const stale = store.saveProgress(lease, 60_000, [progressOf({ tally: FIRST })], [], [], cost);
  await expect(stale).rejects.toMatchObject({ code: 'lease_lost' });
  await store.releaseLease(lease, null, cost);
  expect(await store.loadTallies('shop')).toEqual(NO_TALLIES);
  await store.saveProgress(successor, 60_000, [progressOf({ tally: FIRST })], [], [], cost);
  expect(await store.loadTallies('shop')).toEqual({
    windows: cost,
    endpoints: new Map([['orders', FIRST]]),
  });
});

test('a pipeline that is not registered has counted nothing', async () => {
  const { store } = await openRegisteredStore();
  expect(await store.loadTallies('another')).toEqual(NO_TALLIES);
});
