import { expect, test } from 'vitest';
import type { EmittedMessage } from '../../src/changes/change-event.ts';
import {
  type Taken,
  type Transformed,
  TransformQueue,
} from '../../src/delivery/transform-queue.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';

const MiB = 1 << 20;
const DROPPED: Transformed = { kind: 'dropped' };

function taken(seq: number, bytes: number): Taken {
  const original: EmittedMessage = {
    op: 'message',
    transaction: { xid: 1, commitLsn: toLsn(0x100n), committedAt: null },
    seq,
    lsnHigh: 0,
    lsnLow: 0,
    prefix: '',
    content: new Uint8Array(),
    transactional: true,
  };
  return { original, bytes, lanes: [0], entry: null, isSettled: false };
}

/** A queue, and a way to end the transform of one that was added. */
function openQueue() {
  const passed: number[] = [];
  const queue = new TransformQueue(
    ({ original }) => void passed.push(original.seq),
    () => undefined,
  );
  const ends: (() => void)[] = [];
  const addSlow = (bytes: number): void => {
    const result = new Promise<Transformed>((resolve) => ends.push(() => resolve(DROPPED)));
    queue.add(taken(ends.length - 1, bytes), result);
  };
  return { queue, passed, ends, addSlow };
}

test('large events fill the queue by their bytes', async () => {
  const { queue, passed, ends, addSlow } = openQueue();
  while (!queue.isFull) addSlow(MiB);
  expect(ends).toHaveLength(8);
  for (const end of ends) end();
  await queue.idle();
  expect(passed).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(queue.isFull).toBe(false);
});

test('small events fill it by their number', () => {
  const { queue, ends, addSlow } = openQueue();
  while (!queue.isFull) addSlow(1);
  expect(ends).toHaveLength(256);
});

test('what is ready at once counts while it waits behind a slow one', async () => {
  const { queue, passed, ends, addSlow } = openQueue();
  addSlow(1);
  for (let seq = 1; seq <= 8; seq += 1) queue.add(taken(seq, MiB), DROPPED);
  expect(queue.isFull).toBe(true);
  ends[0]!();
  await queue.idle();
  expect(passed).toHaveLength(9);
  expect(queue.isFull).toBe(false);
});

test('what is given up does not count any more', () => {
  const { queue, addSlow } = openQueue();
  addSlow(100 * MiB);
  expect(queue.isFull).toBe(true);
  queue.abandon();
  expect(queue.isFull).toBe(false);
});
