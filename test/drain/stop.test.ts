import { describe, expect, test } from 'vitest';
import { DrainStop } from '../../src/drain/stop.ts';
import { FakeClock } from '../support/fake-clock.ts';

const never = new Promise<never>(() => undefined);
const notOver = (): boolean => false;

function start(deadlineMs: number | null, signal: AbortSignal | null = null) {
  const clock = new FakeClock();
  return { clock, stop: new DrainStop({ clock, deadlineMs, signal }) };
}

test('a deadline keeps a fifth of its time, two seconds at the most, for the end', () => {
  expect(start(5_000).stop.marginMs).toBe(1_000);
  expect(start(10_000).stop.marginMs).toBe(2_000);
  expect(start(900_000).stop.marginMs).toBe(2_000);
});

test('it is time to stop when the margin begins', () => {
  const { clock, stop } = start(10_000);
  stop.gotWindow();
  clock.advance(7_999);
  expect(stop.isDue()).toBe(false);
  expect(stop.timeLeftMs).toBe(1);
  clock.advance(1);
  expect(stop.isDue()).toBe(true);
  expect(stop.reason).toBe('deadline');
});

test('without a deadline only a signal stops', () => {
  const signal = new AbortController();
  const { clock, stop } = start(null, signal.signal);
  clock.advance(1e12);
  expect([stop.isDue(), stop.timeLeftMs]).toEqual([false, Infinity]);
  signal.abort();
  expect([stop.isDue(), stop.reason]).toEqual([true, 'signal']);
});

describe('a first window that took all the time', () => {
  test('is delivered for half as long again, five seconds at the most', () => {
    const { clock, stop } = start(6_000);
    clock.advance(5_900);
    stop.gotNewEvent();
    clock.advance(2_999);
    expect(stop.isDue()).toBe(false);
    clock.advance(1);
    expect(stop.isDue()).toBe(true);
  });

  test('is waited for, however long it takes', () => {
    const { clock, stop } = start(10_000);
    clock.advance(1e9);
    expect(stop.isDue()).toBe(false);
    stop.gotWindow();
    expect(stop.isDue()).toBe(true);
  });
});

describe('who waits', () => {
  test('gets the value, or what went wrong', async () => {
    const { stop } = start(10_000);
    await expect(stop.unlessDue(Promise.resolve(7), notOver)).resolves.toEqual({ value: 7 });
    const failure = new Error('no');
    await expect(stop.unlessDue(Promise.reject(failure), notOver)).rejects.toBe(failure);
  });

  test('is let go at the deadline, without anybody asking', async () => {
    const { clock, stop } = start(10_000);
    stop.gotWindow();
    const waiting = stop.unlessDue(never, notOver);
    clock.advance(8_000);
    await expect(waiting).resolves.toBeNull();
  });

  test('is let go by a signal', async () => {
    const signal = new AbortController();
    const { stop } = start(null, signal.signal);
    const waiting = stop.unlessDue(never, notOver);
    signal.abort();
    await expect(waiting).resolves.toBeNull();
  });

  test('is let go when it is over and somebody wakes', async () => {
    const { stop } = start(null);
    let over = false;
    const waiting = stop.unlessDue(never, () => over);
    stop.wake();
    over = true;
    stop.wake();
    await expect(waiting).resolves.toBeNull();
    expect(stop.reason).toBeNull();
  });

  test('does not wait where it is time already', async () => {
    const { stop } = start(null, AbortSignal.abort());
    await expect(stop.unlessDue(never, notOver)).resolves.toBeNull();
  });
});

test('a bound that was reached is a reason, but no deadline and no signal any more', () => {
  const { clock, stop } = start(10_000);
  stop.reachedLimit();
  stop.gotWindow();
  clock.advance(20_000);
  expect([stop.isDue(), stop.reason]).toEqual([true, 'limit']);
});

test('after it is disposed of, nothing sleeps and nothing listens', () => {
  const signal = new AbortController();
  const { clock, stop } = start(10_000, signal.signal);
  stop.gotWindow();
  stop.dispose();
  signal.abort();
  clock.advance(20_000);
  expect(clock.sleeps).toHaveLength(1);
});
