import { expect, test } from 'vitest';
import type { ParkedEvent } from '../../src/delivery/parked-batch.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import {
  acquire,
  deadLetter,
  openRegisteredStore,
  parkedBatch,
  progressOf,
} from './registered-store.ts';

const at = (commitLsn: bigint, seq: number) => ({ commitLsn: toLsn(commitLsn), seq });

const eventAt = (commitLsn: bigint, seq: number, changes: Partial<ParkedEvent> = {}) => ({
  ...parkedBatch().events[0]!,
  position: at(commitLsn, seq),
  ...changes,
});

const mark = (relationId: number, digest = 'd') => ({ relationId, name: 'n', digest });

test('a parked batch comes back as it was parked, to the last byte', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const batch = parkedBatch({
    lanes: { numbering: 'key/16', lanes: [3, 0, 12], relations: [mark(7)] },
    contentType: 'application/cloudevents-batch+json; charset=UTF-8',
    headers: { 'ce-subject': 'a "quote", a \\, a {brace}, ✓' },
    body: Uint8Array.from({ length: 1_000 }, (_, byte) => byte % 256),
    events: [
      eventAt(0xffff_ffff_ffff_fffen, 4_294_967_295, { start: 90, end: 130 }),
      eventAt(0xffff_ffff_ffff_ffffn, 0, { table: 'we"ird.✓', operation: 'update' }),
      eventAt(0xffff_ffff_ffff_ffffn, 1, { schema: null, table: null, operation: 'message' }),
    ],
  });
  const empty = parkedBatch({
    body: new Uint8Array(),
    events: [eventAt(0x10n, 0, { start: 0, end: 0 })],
  });
  await store.park(lease, [parkedBatch(), batch, empty]);
  expect(await store.loadParked('shop', 'orders', 0n, 1 << 20)).toEqual([
    { id: 1n, settled: [], ...parkedBatch() },
    { id: 2n, settled: [], ...batch },
    { id: 3n, settled: [], ...empty },
  ]);
});

test('of parked batches it is known which relations they hold, and in which descriptions', async () => {
  const { store } = await openRegisteredStore();
  const lanes = (...relations: ReturnType<typeof mark>[]) => ({
    lanes: { numbering: 'key/4', lanes: [0], relations },
  });
  await store.park(await acquire(store), [
    parkedBatch(lanes(mark(7), mark(8))),
    parkedBatch(lanes(mark(7), mark(8))),
    parkedBatch(lanes(mark(7, 'another'))),
    // As an earlier version parked it.
    parkedBatch({ lanes: { numbering: 'key/4', lanes: [0] } }),
    parkedBatch({ endpoint: 'mails', ...lanes(mark(9)) }),
  ]);
  const relations = await store.parkedRelations('shop');
  expect(new Set(relations.get('orders')!.map((each) => JSON.stringify(each)))).toEqual(
    new Set([mark(7), mark(7, 'another'), mark(8)].map((each) => JSON.stringify(each))),
  );
  expect(relations.get('mails')).toEqual([mark(9)]);
  expect(await store.parkedRelations('other')).toEqual(new Map());
});

test('what is settled of a batch that was sent in part is noted with the checkpoint', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const events = [eventAt(0x2000n, 3), eventAt(0x2000n, 4, { table: 'we"ird.✓' })];
  await store.park(lease, [parkedBatch({ events }), parkedBatch({ events })]);
  await store.saveProgress(lease, 60_000, [progressOf()], [], [{ id: 2n, settled: [1] }]);
  await store.saveProgress(lease, 60_000, [progressOf()], [], [{ id: 2n, settled: [1, 0] }]);
  expect(await store.loadParked('shop', 'orders', 0n, 1 << 20)).toMatchObject([
    { id: 1n, settled: [], events },
    { id: 2n, settled: [1, 0], events },
  ]);
});

test('batches come back in the order in which they were parked, and by endpoint', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const names = Array.from({ length: 300 }, (_, n) => `batch ${n}`);
  const batches = names.flatMap((batchId) => [
    parkedBatch({ batchId }),
    parkedBatch({ batchId, endpoint: 'audit' }),
  ]);
  await store.park(lease, batches.slice(0, 400));
  await store.park(lease, batches.slice(400));
  for (const endpoint of ['orders', 'audit']) {
    const loaded = await store.loadParked('shop', endpoint, 0n, 1 << 20);
    expect(loaded.map(({ batchId }) => batchId)).toEqual(names);
  }
});

test('a load takes what fits into its bytes, and one batch at least', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const sizes = [500, 300, 300, 1_000, 100];
  await store.park(
    lease,
    sizes.map((size) => parkedBatch({ body: new Uint8Array(size) })),
  );
  const load = async (afterId: bigint, maxBytes: number) =>
    (await store.loadParked('shop', 'orders', afterId, maxBytes)).map(({ id }) => Number(id));
  expect(await load(0n, 1)).toEqual([1]);
  expect(await load(0n, 799)).toEqual([1]);
  expect(await load(0n, 800)).toEqual([1, 2]);
  expect(await load(2n, 1_000)).toEqual([3]);
  expect(await load(3n, 10)).toEqual([4]);
  expect(await load(0n, 1 << 20)).toEqual([1, 2, 3, 4, 5]);
  expect(await load(5n, 1 << 20)).toEqual([]);
});

test('a load is bounded where batches are tiny, and the next one goes on behind it', async () => {
  const { store } = await openRegisteredStore();
  const batches = Array.from({ length: 1_001 }, () => parkedBatch());
  await store.park(await acquire(store), batches);
  const first = await store.loadParked('shop', 'orders', 0n, 1 << 30);
  expect(first).toHaveLength(1_000);
  expect(await store.loadParked('shop', 'orders', first.at(-1)!.id, 1 << 30)).toHaveLength(1);
});

test('what was delivered is forgotten, of this pipeline alone', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  await store.registerPipeline({ ...(await store.loadPipeline('shop'))!, pipeline: 'other' });
  const other = await acquire(store, { pipeline: 'other' });
  const two = [eventAt(0x10n, 0), eventAt(0x10n, 1)];
  await store.park(lease, [parkedBatch(), parkedBatch({ events: two }), parkedBatch()]);
  await store.saveProgress(other, 60_000, [], [1n, 2n, 3n]);
  await store.saveProgress(lease, 60_000, [], [1n, 99n]);
  const oldestAt = expect.any(Date);
  expect(await store.countParked('shop')).toEqual(
    new Map([['orders', { batches: 2, events: 3, bytes: 16, oldestAt }]]),
  );
  expect(await store.countParked('other')).toEqual(new Map());
  await store.saveProgress(lease, 60_000, [], [2n, 3n]);
  expect(await store.countParked('shop')).toEqual(new Map());
});

test('what is parked or a dead letter beyond the checkpoint counts as settled', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  await store.park(lease, [
    parkedBatch({ events: [eventAt(0x9n, 0), eventAt(0x9n, 1)] }),
    parkedBatch({ events: [eventAt(0x9n, 2), eventAt(0x10n, 0)] }),
    parkedBatch({ endpoint: 'audit', events: [eventAt(0x30n, 0)] }),
  ]);
  await store.addDeadLetters(lease, [
    deadLetter({ position: at(0x9n, 1) }),
    deadLetter({ position: at(0x20n, 7) }),
  ]);
  const settled = async () =>
    ((await store.settledInStore('shop')).get('orders') ?? []).map(({ commitLsn, seq }) => [
      Number(commitLsn),
      seq,
    ]);

  expect(new Set(await settled())).toEqual(
    new Set([
      [0x9, 0],
      [0x9, 1],
      [0x9, 2],
      [0x10, 0],
      [0x9, 1],
      [0x20, 7],
    ]),
  );

  await store.saveProgress(lease, 60_000, [progressOf({ settled: at(0x9n, 2) })]);
  expect(new Set(await settled())).toEqual(
    new Set([
      [0x10, 0],
      [0x20, 7],
    ]),
  );
  await store.saveProgress(lease, 60_000, [progressOf({ settled: at(0x20n, 7) })]);
  expect(await settled()).toEqual([]);
});

test('nobody takes the lease over between the check and the commit of what is parked', async () => {
  const under = await openRegisteredStore();
  const lease = await acquire(under.store);
  await under.client.query('begin');
  await under.store.park(lease, [parkedBatch()]);
  const taker = await under.database.client();
  await taker.query(`set lock_timeout = '50ms'`);
  await expect(
    taker.query(`update walhook.pipelines set lease_token = lease_token + 1`),
  ).rejects.toMatchObject({ code: '55P03' });
  await under.client.query('commit');
});
