import { expect, test } from 'vitest';
import type { DrainHeadway, PipelineHeadway } from '../../src/drain/headway.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import { acquire, openRegisteredStore, RECORD, type StoreUnderTest } from './registered-store.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const minute = (minutes: number): Date => new Date(NOON + minutes * 60_000);

/** A drain that begins with the minute, and ends half a minute later. */
function drained(
  minutes: number,
  target: bigint,
  changes: Partial<DrainHeadway> = {},
): DrainHeadway {
  return {
    target: { lsn: toLsn(target), at: minute(minutes) },
    endedAt: minute(minutes + 0.5),
    slotAt: toLsn(target),
    settled: 'target',
    ...changes,
  };
}

const heldAt = (slotAt: bigint) => ({ slotAt: toLsn(slotAt), settled: 'slot' }) as const;

async function after(
  { store }: StoreUnderTest,
  ...drains: readonly DrainHeadway[]
): Promise<PipelineHeadway | null> {
  for (const each of drains) {
    const lease = await acquire(store);
    await store.releaseLease(lease, each.slotAt, undefined, each);
  }
  return store.loadHeadway('shop');
}

test('a pipeline that was never drained has settled nothing', async () => {
  const under = await openRegisteredStore();
  expect(await after(under)).toMatchObject({
    caughtUpAt: null,
    settledThrough: null,
    behind: null,
    walSince: null,
  });
  expect(await under.store.loadHeadway('another')).toBeNull();
});

test('a drain that caught up has settled what was committed before it looked', async () => {
  const under = await openRegisteredStore();
  expect(await after(under, drained(0, 10n), drained(1, 20n))).toMatchObject({
    caughtUpAt: minute(1.5),
    settledThrough: minute(1),
    behind: null,
  });
});

test('however many drains are held, it is known since when', async () => {
  const under = await openRegisteredStore();
  const held = Array.from({ length: 9 }, (_, index) => drained(index + 1, 20n, heldAt(15n)));
  expect(await after(under, drained(0, 10n), ...held)).toMatchObject({
    caughtUpAt: minute(0.5),
    settledThrough: minute(0),
    behind: { lsn: 20n, at: minute(1) },
  });
});

test('one that never catches up, and yet gets on, is as far behind as it is', async () => {
  const under = await openRegisteredStore();
  const drains = [
    drained(1, 20n, heldAt(15n)),
    drained(2, 30n, heldAt(19n)),
    drained(3, 40n, heldAt(25n)),
    drained(4, 50n, heldAt(35n)),
  ];
  expect(await after(under, ...drains)).toMatchObject({
    caughtUpAt: null,
    settledThrough: minute(1),
    behind: { lsn: 40n, at: minute(3) },
  });
});

test('a drain that fails moves nothing on, and notes what it was to reach', async () => {
  const under = await openRegisteredStore();
  const failed = { slotAt: null, settled: 'less' } as const;
  const drains = [drained(0, 10n), drained(1, 20n, failed), drained(2, 30n, failed)];
  expect(await after(under, ...drains)).toMatchObject({
    settledThrough: minute(0),
    behind: { lsn: 20n, at: minute(1) },
  });
});

test('what is parked is behind the slot, and not settled', async () => {
  const under = await openRegisteredStore();
  const parked = drained(1, 20n, { settled: 'less' });
  expect(await after(under, drained(0, 10n), parked)).toMatchObject({
    caughtUpAt: minute(0.5),
    settledThrough: minute(0),
    behind: null,
  });
});

test('the sample of the WAL is of 5 to 10 minutes ago, or of the last drain before a pause', async () => {
  const under = await openRegisteredStore();
  const ages: number[] = [];
  for (let now = 0; now <= 30; now += 1) {
    const headway = await after(under, drained(now, BigInt(now)));
    expect(headway!.walSince!.lsn).toBe(BigInt(headway!.walSince!.at.getTime() - NOON) / 60_000n);
    ages.push((minute(now).getTime() - headway!.walSince!.at.getTime()) / 60_000);
  }
  expect(ages.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(Math.min(...ages.slice(5))).toBe(5);
  expect(Math.max(...ages)).toBeLessThanOrEqual(10);
  expect((await after(under, drained(500, 500n)))!.walSince!.at).toEqual(minute(30));
});

test('LSNs are forgotten where the pipeline goes on at another slot, times are not', async () => {
  const under = await openRegisteredStore();
  await after(under, drained(0, 10n), drained(1, 20n, heldAt(15n)));
  await under.store.registerPipeline(RECORD);
  expect(await under.store.loadHeadway('shop')).toMatchObject({
    settledThrough: minute(0),
    behind: null,
    walSince: null,
  });
});

test('whoever has lost the lease moves nothing on', async () => {
  const under = await openRegisteredStore();
  const lost = await acquire(under.store, { owner: 'me' });
  await acquire(under.store, { owner: 'me' });
  await under.store.releaseLease(lost, null, undefined, drained(0, 10n));
  expect(await under.store.loadHeadway('shop')).toMatchObject({ caughtUpAt: null, walSince: null });
});
