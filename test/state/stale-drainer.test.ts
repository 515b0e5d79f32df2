import { describe, expect, test } from 'vitest';
import {
  acquire,
  deadLetter,
  letLeaseRunOut,
  openRegisteredStore,
  parkedBatch,
  progressOf,
  type StoreUnderTest,
} from './registered-store.ts';
import { sessionOf, untilBlocked } from './server-sessions.ts';

describe('a lease that is not the current one can write nothing', () => {
  const stale: readonly (readonly [string, (under: StoreUnderTest) => Promise<unknown>])[] = [
    ['ran out', letLeaseRunOut],
    ['was released', ({ store }) => store.releaseLease({ pipeline: 'shop', token: 1n }, null)],
    [
      'ran out and was taken over',
      async (under) => {
        await letLeaseRunOut(under);
        await acquire(await under.another());
      },
    ],
    [
      'was released, taken over and released again',
      async (under) => {
        await under.store.releaseLease({ pipeline: 'shop', token: 1n }, null);
        await under.store.releaseLease(await acquire(await under.another()), null);
      },
    ],
    ['lost its pipeline', ({ database }) => database.query('delete from walhook.pipelines')],
  ];

  test.each(stale)('as it %s', async (_how, happens) => {
    const under = await openRegisteredStore();
    const { database, store } = under;
    const lease = await acquire(store);
    await store.park(lease, [parkedBatch()]);
    await happens(under);
    const tables = `
      select (select json_agg(p) from walhook.pipelines p) as pipelines,
        (select count(*) from walhook.endpoints) as endpoints,
        (select count(*) from walhook.dead_letters) as dead_letters,
        (select count(*) from walhook.parked_batches) as parked_batches`;
    const before = await database.query(tables);

    const lost = { code: 'lease_lost', detail: 'pipeline "shop", token 1' };
    await expect(store.saveProgress(lease, 60_000, [progressOf()])).rejects.toMatchObject(lost);
    await expect(store.saveProgress(lease, 60_000, [])).rejects.toMatchObject(lost);
    await expect(store.renewLease(lease, 60_000)).rejects.toMatchObject(lost);
    await expect(store.addDeadLetters(lease, [deadLetter()])).rejects.toMatchObject(lost);
    await expect(store.park(lease, [parkedBatch()])).rejects.toMatchObject(lost);
    await expect(store.saveProgress(lease, 60_000, [], [1n])).rejects.toMatchObject(lost);

    expect(await database.query(tables)).toEqual(before);
  });

  test('as it ran out while the statement waited for the row', async () => {
    const under = await openRegisteredStore();
    const lease = await acquire(under.store);
    const { pid } = await sessionOf(under.client);
    const blocker = await under.database.client();
    await blocker.query('begin; select 1 from walhook.pipelines for update');
    const answer = under.store
      .saveProgress(lease, 60_000, [progressOf()])
      .catch((error: unknown) => error);
    await untilBlocked(under.database, pid);
    await blocker.query(
      `update walhook.pipelines set lease_expires_at = clock_timestamp(); commit`,
    );
    expect(await answer).toMatchObject({ code: 'lease_lost' });
    expect(await under.store.loadEndpoints('shop')).toEqual([]);
  });
});
