import { expect, test } from 'vitest';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import { acquire, deadLetter, openRegisteredStore } from './registered-store.ts';

test('a dead letter is stored with all that is known about it', async () => {
  const { database, store } = await openRegisteredStore();
  const body = JSON.stringify({ text: 'a "quote", a \\, a {brace}, NULL, a \0 and ✓' });
  await store.addDeadLetters(await acquire(store), [
    deadLetter({ body, detail: 'answered "\0"' }),
    deadLetter({ endpoint: 'audit', schema: null, table: null, body: null }),
  ]);
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
      reason: 'event_too_large',
      detail: 'answered "\uFFFD"',
    },
    expect.objectContaining({ endpoint: 'audit', schema: null, table: null, body: null }),
  ]);
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
