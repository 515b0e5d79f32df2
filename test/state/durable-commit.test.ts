import { expect, test } from 'vitest';
import type { Lease, StateStore } from '../../src/drain/state-store.ts';
import {
  acquire,
  deadLetter,
  openRegisteredStore,
  parkedBatch,
  progressOf,
} from './registered-store.ts';

const writes: readonly (readonly [
  string,
  (store: StateStore, lease: Lease) => Promise<unknown>,
])[] = [
  [
    'the announcement of a lease',
    async (store, lease) => {
      await store.releaseLease(lease, null);
      await acquire(store);
    },
  ],
  ['progress', (store, lease) => store.saveProgress(lease, 60_000, [progressOf()])],
  ['a dead letter', (store, lease) => store.addDeadLetters(lease, [deadLetter()])],
  ['a parked batch', (store, lease) => store.park(lease, [parkedBatch()])],
  [
    'that a parked batch is delivered',
    (store, lease) => store.saveProgress(lease, 60_000, [], [1n]),
  ],
];

test.each(writes)('%s waits for the disk where commits usually do not', async (_what, write) => {
  const { client, store } = await openRegisteredStore();
  const lease = await acquire(store);
  await client.query('set synchronous_commit = off');
  const setting = async () => (await client.query('show synchronous_commit')).rows;

  await client.query('begin');
  await write(store, lease);
  const inside = await setting();
  await client.query('commit');

  expect(inside).toEqual([{ synchronous_commit: 'on' }]);
  expect(await setting()).toEqual([{ synchronous_commit: 'off' }]);
});

test('a stricter setting than the usual one is left as it is', async () => {
  const { client, store } = await openRegisteredStore();
  const lease = await acquire(store);
  await client.query('set synchronous_commit = remote_apply; begin');
  await store.saveProgress(lease, 60_000, []);
  const { rows } = await client.query('show synchronous_commit');
  await client.query('commit');
  expect(rows).toEqual([{ synchronous_commit: 'remote_apply' }]);
});
