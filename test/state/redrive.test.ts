import type { Client } from 'pg';
import { expect, test } from 'vitest';
import type { RedriveOutcome } from '../../src/drain/state-store.ts';
import { createStateStore } from '../../src/state/create-state-store.ts';
import type { StateClient } from '../../src/state/state-client.ts';
import {
  acquire,
  deadLetter,
  openRegisteredStore,
  progressOf,
  type StoreUnderTest,
} from './registered-store.ts';
import { sessionOf, untilBlocked } from './server-sessions.ts';

const DELIVERED: RedriveOutcome = { kind: 'delivered' };

async function openWithLetter(): Promise<StoreUnderTest> {
  const under = await openRegisteredStore();
  await under.store.addDeadLetters(await acquire(under.store), [deadLetter()]);
  return under;
}

const neverCalled = () => Promise.reject(new Error('sent twice'));

function failed(detail: string, status: number | null): RedriveOutcome {
  return {
    kind: 'failed',
    detail,
    answer: status === null ? null : { status, body: `${status} \0` },
  };
}

test('a delivered letter is gone; the send is given all of it', async () => {
  const { store } = await openWithLetter();
  const [stored] = await store.listDeadLetters('shop', {}, 1);
  const outcome = await store.redriveDeadLetter('shop', 1n, (letter) => {
    expect(letter).toEqual(stored);
    return Promise.resolve(DELIVERED);
  });
  expect(outcome).toEqual(DELIVERED);
  expect(await store.listDeadLetters('shop', {}, 1)).toEqual([]);
});

test('a letter that fails again stays, with one attempt more and the new answer', async () => {
  const { store } = await openWithLetter();
  const [before] = await store.listDeadLetters('shop', {}, 1);
  await store.redriveDeadLetter('shop', 1n, () => Promise.resolve(failed('HTTP 500 \0', 500)));
  const [after] = await store.listDeadLetters('shop', {}, 1);
  expect(after).toEqual({
    ...before,
    attempts: 2,
    detail: 'HTTP 500 \uFFFD',
    answer: { status: 500, body: '500 \uFFFD' },
    lastAttemptAt: expect.any(Date),
  });
  expect(after!.lastAttemptAt!.getTime()).toBeGreaterThanOrEqual(before!.lastAttemptAt!.getTime());
  await store.redriveDeadLetter('shop', 1n, () => Promise.resolve(failed('timeout', null)));
  expect(await store.listDeadLetters('shop', {}, 1)).toMatchObject([
    { attempts: 3, detail: 'timeout', answer: null },
  ]);
});

test('two at once: one sends, the other gets nothing to do', async () => {
  const { store, another } = await openWithLetter();
  const other = await another();
  const first = await store.redriveDeadLetter('shop', 1n, async () => {
    expect(await other.redriveDeadLetter('shop', 1n, neverCalled)).toBeNull();
    return DELIVERED;
  });
  expect(first).toEqual(DELIVERED);
  expect(await other.redriveDeadLetter('shop', 1n, neverCalled)).toBeNull();
});

test('whoever discards meanwhile waits, and does not count what was delivered', async () => {
  const { store, database } = await openWithLetter();
  const client = await database.client();
  const { pid } = await sessionOf(client);
  const other = createStateStore({ client, schema: 'walhook' });
  let discarded: Promise<number> = Promise.resolve(-1);
  await store.redriveDeadLetter('shop', 1n, async () => {
    discarded = other.discardDeadLetters('shop', {});
    await untilBlocked(database, pid);
    return DELIVERED;
  });
  expect(await discarded).toBe(0);
});

test('an error that the send throws leaves the letter as it was, for anybody', async () => {
  const { store, another } = await openWithLetter();
  const before = await store.listDeadLetters('shop', {}, 1);
  const failure = new Error('no such endpoint');
  await expect(store.redriveDeadLetter('shop', 1n, () => Promise.reject(failure))).rejects.toBe(
    failure,
  );
  expect(await store.listDeadLetters('shop', {}, 1)).toEqual(before);
  const other = await another();
  expect(await other.redriveDeadLetter('shop', 1n, () => Promise.resolve(DELIVERED))).toEqual(
    DELIVERED,
  );
});

test('a session that ends while the letter is sent leaves it as it was', async () => {
  const { database, store } = await openWithLetter();
  const before = await store.listDeadLetters('shop', {}, 1);
  const doomed = await database.client();
  const { pid } = await sessionOf(doomed);
  await expect(
    createStateStore({ client: doomed, schema: 'walhook' }).redriveDeadLetter(
      'shop',
      1n,
      async () => {
        await database.query('select pg_terminate_backend($1, 5000)', [pid]);
        return DELIVERED;
      },
    ),
  ).rejects.toThrow(/connection/i);
  expect(await store.listDeadLetters('shop', {}, 1)).toEqual(before);
});

/** A pooler in transaction mode: each statement may meet another session, but within a transaction. */
function pooled(sessions: readonly Client[]): StateClient {
  let turn = 0;
  let ofTransaction: Client | null = null;
  return {
    query(query, values) {
      const session = ofTransaction ?? sessions[turn++ % sessions.length]!;
      if (query.text.startsWith('begin')) ofTransaction = session;
      if (/^(?:commit|rollback)/.test(query.text)) ofTransaction = null;
      return session.query(query, values);
    },
  };
}

test('a redrive works behind a pooler that gives each transaction another session', async () => {
  const { database, store, another } = await openWithLetter();
  const sessions = [await database.client(), await database.client(), await database.client()];
  const behind = createStateStore({ client: pooled(sessions), schema: 'walhook' });
  const failure = new Error('not now');
  await expect(behind.redriveDeadLetter('shop', 1n, () => Promise.reject(failure))).rejects.toBe(
    failure,
  );
  const other = await another();
  const outcome = await behind.redriveDeadLetter('shop', 1n, async () => {
    expect(await other.redriveDeadLetter('shop', 1n, neverCalled)).toBeNull();
    return DELIVERED;
  });
  expect(outcome).toEqual(DELIVERED);
  expect(await store.listDeadLetters('shop', {}, 1)).toEqual([]);
});

test('no timeout of the role ends a redrive whose endpoint takes its time', async () => {
  const { client, store } = await openWithLetter();
  await client.query(`set idle_in_transaction_session_timeout = 20`);
  let inside: unknown;
  await store.redriveDeadLetter('shop', 1n, async () => {
    inside = (await client.query('show idle_in_transaction_session_timeout')).rows;
    return DELIVERED;
  });
  expect(inside).toEqual([{ idle_in_transaction_session_timeout: '0' }]);
  const { rows } = await client.query('show idle_in_transaction_session_timeout');
  expect(rows).toEqual([{ idle_in_transaction_session_timeout: '20ms' }]);
});

test('what is asked of the store while a letter is sent waits, and is no part of it', async () => {
  const { store } = await openWithLetter();
  const lease = { pipeline: 'shop', token: 1n };
  const failure = new Error('undo');
  let saved: Promise<unknown> = Promise.resolve();
  await expect(
    store.redriveDeadLetter('shop', 1n, () => {
      saved = store.saveProgress(lease, 60_000, [progressOf({ delivered: 1 })]);
      return Promise.reject(failure);
    }),
  ).rejects.toBe(failure);
  await saved;
  expect(await store.loadEndpoints('shop')).toMatchObject([{ delivered: 1n }]);
});
