import { expect, test } from 'vitest';
import type { DrainSession } from '../../src/drain/ports.ts';
import { KeptSession } from '../../src/runtime/kept-session.ts';

/** Sessions by their number, and what was closed. */
function numbered() {
  const closed: number[] = [];
  let opened = 0;
  const connect = async (): Promise<DrainSession> => {
    const number = (opened += 1);
    const close = (): Promise<void> => Promise.resolve(void closed.push(number));
    return { source: number, state: number, close } as unknown as DrainSession;
  };
  return { closed, connect };
}

const numberOf = ({ source }: DrainSession): unknown => source;

test('the next drain gets what the last one left sound', async () => {
  const { closed, connect } = numbered();
  const kept = new KeptSession(connect);
  const first = await kept.open();
  await first.close(true);
  const second = await kept.open();
  expect([numberOf(first), numberOf(second)]).toEqual([1, 1]);
  expect(closed).toEqual([]);
  await second.close(true);
  await kept.close();
  expect(closed).toEqual([1]);
});

test('what something went wrong on is closed, and another opened', async () => {
  const { closed, connect } = numbered();
  const kept = new KeptSession(connect);
  await (await kept.open()).close(false);
  expect(closed).toEqual([1]);
  expect(numberOf(await kept.open())).toBe(2);
});

test('two drains at once have a session each; one of them is kept', async () => {
  const { closed, connect } = numbered();
  const kept = new KeptSession(connect);
  const [first, second] = [await kept.open(), await kept.open()];
  expect([numberOf(first), numberOf(second)]).toEqual([1, 2]);
  await second.close(true);
  expect(closed).toEqual([2]);
  await first.close(true);
  expect(numberOf(await kept.open())).toBe(1);
});

test('what comes back after the end is closed', async () => {
  const { closed, connect } = numbered();
  const kept = new KeptSession(connect);
  const session = await kept.open();
  await kept.close();
  expect(closed).toEqual([]);
  await session.close(true);
  expect(closed).toEqual([1]);
});

test('a connection that fails is tried again', async () => {
  const { connect } = numbered();
  let isDown = true;
  const kept = new KeptSession(() => (isDown ? Promise.reject(new Error('down')) : connect()));
  await expect(kept.open()).rejects.toThrow('down');
  isDown = false;
  const session = await kept.open();
  await session.close(true);
  expect(numberOf(await kept.open())).toBe(numberOf(session));
});
