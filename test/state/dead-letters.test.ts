import { expect, test } from 'vitest';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import type { DeadLetterFilter } from '../../src/drain/state-store.ts';
import { acquire, deadLetter, openRegisteredStore } from './registered-store.ts';

const at = (commitLsn: bigint, seq: number) => ({ commitLsn: toLsn(commitLsn), seq });

test('a dead letter is stored with all that is known about it', async () => {
  const { database, store } = await openRegisteredStore();
  const body = JSON.stringify({ text: 'a "quote", a \\, a {brace}, NULL, a \0 and ✓' });
  const headers = { 'ce-subject': 'a "\0" ✓' };
  const answer = { status: 422, body: 'no \0' };
  const orders = deadLetter({ body, detail: 'answered "\0"', headers, attempts: 2, answer });
  const audit = deadLetter({
    endpoint: 'audit',
    schema: null,
    table: null,
    body: null,
    contentType: null,
    attempts: 0,
    answer: null,
  });
  await store.addDeadLetters(await acquire(store), [orders, audit]);
  expect(
    await database.query(
      `select pipeline, endpoint, commit_lsn::text, seq, event_id, schema, "table", operation,
         body, reason, detail from walhook.dead_letters order by endpoint desc`,
    ),
  ).toEqual([
    {
      pipeline: 'shop',
      endpoint: 'orders',
      commit_lsn: '0/2000',
      seq: '3',
      event_id: '0000000000002000-00000003',
      schema: 'public',
      table: 'orders',
      operation: 'insert',
      body,
      reason: 'rejected',
      detail: 'answered "\uFFFD"',
    },
    expect.objectContaining({ endpoint: 'audit', schema: null, table: null, body: null }),
  ]);
  const [newest, oldest] = await store.listDeadLetters('shop', {}, 10);
  expect(newest).toEqual({
    ...audit,
    id: 2n,
    createdAt: expect.any(Date),
    lastAttemptAt: null,
  });
  expect(oldest).toEqual({
    ...orders,
    id: 1n,
    detail: 'answered "\uFFFD"',
    answer: { status: 422, body: 'no \uFFFD' },
    createdAt: expect.any(Date),
    lastAttemptAt: expect.any(Date),
  });
});

test('the key of the row is kept, also where it is not ASCII, and absent where none is known', async () => {
  const { store } = await openRegisteredStore();
  const key = String.raw`{"id":9007199254740993,"name":"✓\u0000"}`;
  await store.addDeadLetters(await acquire(store), [
    deadLetter({ key }),
    deadLetter({ endpoint: 'audit' }),
  ]);
  const [none, kept] = await store.listDeadLetters('shop', {}, 10);
  expect(kept!.key).toBe(key);
  expect(none).not.toHaveProperty('key');
});

test('the same event twice is one dead letter of each endpoint', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const next = { commitLsn: toLsn(0x2000n), seq: 4 };
  await store.addDeadLetters(lease, [deadLetter(), deadLetter(), deadLetter({ position: next })]);
  await store.addDeadLetters(lease, [deadLetter(), deadLetter({ endpoint: 'audit' })]);
  expect(await store.countDeadLetters('shop')).toEqual(
    new Map([
      ['orders', 2],
      ['audit', 1],
    ]),
  );
  expect(await store.countDeadLetters('other')).toEqual(new Map());
});

test('nobody takes the lease over between the check and the commit', async () => {
  const under = await openRegisteredStore();
  const lease = await acquire(under.store);
  await under.client.query('begin');
  await under.store.addDeadLetters(lease, [deadLetter()]);
  const taker = await under.database.client();
  await taker.query(`set lock_timeout = '50ms'`);
  await expect(
    taker.query(`update walhook.pipelines set lease_token = lease_token + 1`),
  ).rejects.toMatchObject({ code: '55P03' });
  await under.client.query('commit');
  expect(await under.store.countDeadLetters('shop')).toEqual(new Map([['orders', 1]]));
});

test.each<readonly [string, DeadLetterFilter, readonly bigint[]]>([
  ['all', {}, [4n, 3n, 2n, 1n]],
  ['an endpoint', { endpoint: 'audit' }, [2n]],
  ['ids', { ids: [1n, 4n, 9n] }, [4n, 1n]],
  ['no ids at all', { ids: [] }, []],
  ['a table with its schema', { table: 'public.orders' }, [2n, 1n]],
  ['a table of any schema', { table: 'orders' }, [3n, 2n, 1n]],
  ['a reason', { reason: 'transform_failed' }, [4n]],
  ['what came since', { since: new Date('2026-01-03T00:00:00Z') }, [4n, 3n]],
  ['what came before', { until: new Date('2026-01-03T00:00:00Z') }, [2n, 1n]],
  ['all of that', { endpoint: 'orders', table: 'orders', since: new Date('2026-01-02') }, [3n]],
])('dead letters are found by %s', async (_by, filter, ids) => {
  const { database, store } = await openRegisteredStore();
  await store.addDeadLetters(await acquire(store), [
    deadLetter({ position: at(0x2000n, 1) }),
    deadLetter({ position: at(0x2000n, 2), endpoint: 'audit' }),
    deadLetter({ position: at(0x2000n, 3), schema: 'sales' }),
    deadLetter({ position: at(0x2000n, 4), schema: null, table: null, reason: 'transform_failed' }),
  ]);
  await database.query(
    `update walhook.dead_letters set created_at = timestamptz '2026-01-01Z' + (id - 1) * interval '1 day'`,
  );
  const listed = await store.listDeadLetters('shop', filter, 10);
  expect(listed.map(({ id }) => id)).toEqual(ids);
  const found = await store.findDeadLetters('shop', filter);
  expect(found.map(({ id }) => id)).toEqual(ids.toReversed());
  expect(await store.countMatchingDeadLetters('shop', filter)).toBe(ids.length);
  expect(await store.discardDeadLetters('shop', filter)).toBe(ids.length);
  expect(await store.listDeadLetters('shop', filter, 10)).toEqual([]);
  expect(await store.listDeadLetters('shop', {}, 10)).toHaveLength(4 - ids.length);
});

test('dead letters are found in the order of their positions, whenever they were written', async () => {
  const { store } = await openRegisteredStore();
  const lease = await acquire(store);
  const later = deadLetter({ position: at(0x10_0000_0000n, 0), body: null, attempts: 0 });
  const earlier = deadLetter({ position: at(0x9_0000_0000n, 5) });
  await store.addDeadLetters(lease, [later, earlier]);
  expect(await store.findDeadLetters('shop', {})).toEqual([
    { id: 2n, endpoint: 'orders', hasBody: true, wasSent: true },
    { id: 1n, endpoint: 'orders', hasBody: false, wasSent: false },
  ]);
  expect(await store.listDeadLetters('shop', {}, 1)).toMatchObject([{ id: 2n }]);
  expect(await store.findDeadLetters('other', {})).toEqual([]);
});
