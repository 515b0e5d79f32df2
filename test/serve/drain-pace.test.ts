import { describe, expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import { busyReport } from '../../src/http/busy-report.ts';
import { DrainPace } from '../../src/runtime/drain-pace.ts';

const BOUNDS = { minIntervalMs: 20, maxIntervalMs: 1_000 };

const idle = {
  name: 'hooks',
  delivered: 0,
  filtered: 0,
  parked: 0,
  dead_lettered: 0,
  failed_attempts: 0,
  checkpoint: null,
  state: 'active',
  error: null,
} as const;
const taking = { ...idle, delivered: 1 };
const parking = { ...idle, parked: 1, failed_attempts: 1, state: 'parking' } as const;
const holding = { ...idle, failed_attempts: 1, state: 'held' } as const;

const report = (changes: Partial<DrainReport>): DrainReport => ({
  ...busyReport(),
  status: 'caught_up',
  endpoints: [taking],
  ...changes,
});

const nothing = report({ endpoints: [idle] });
const held = report({ status: 'held', endpoints: [idle, holding] });
const failed = report({ status: 'failed', endpoints: [idle] });

describe('the pace of a server that drains by itself', () => {
  test('drains at its start, whatever the WAL', () => {
    expect(new DrainPace(BOUNDS).isDue(0)).toBe(true);
  });

  test('looks again soon after a drain that found something', () => {
    const pace = new DrainPace(BOUNDS);
    for (let looks = 0; looks < 10; looks++) pace.foundNothing(0);
    pace.drained(report({}), 0);
    expect(pace).toMatchObject({ waitMs: 20, isQuiet: false });
    expect(pace.isDue(59_999)).toBe(false);
  });

  test('waits longer and longer while nothing is found, up to a bound', () => {
    const pace = new DrainPace(BOUNDS);
    const waits = Array.from({ length: 8 }, () => {
      pace.foundNothing(0);
      return pace.waitMs;
    });
    expect(waits).toEqual([40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
    expect(pace.isQuiet).toBe(true);
  });

  test('takes a drain that found nothing for a look that found nothing', () => {
    const pace = new DrainPace(BOUNDS);
    pace.drained(nothing, 0);
    expect(pace).toMatchObject({ waitMs: 40, isQuiet: true });
  });

  test('drains once a minute in any case, so that the slot moves over what is nobody’s', () => {
    const pace = new DrainPace(BOUNDS);
    pace.drained(nothing, 0);
    expect([pace.isDue(59_999), pace.isDue(60_000)]).toEqual([false, true]);
  });

  test('goes on at once where a deadline ended the drain', () => {
    const pace = new DrainPace(BOUNDS);
    pace.drained(report({ status: 'deadline' }), 5);
    expect(pace).toMatchObject({ waitMs: 20 });
    expect(pace.isDue(5)).toBe(true);
  });

  test('drains again without new WAL where something was left, later each time', () => {
    const pace = new DrainPace(BOUNDS);
    const waits = [held, failed, held, failed, held, held, held].map((left) => {
      pace.drained(left, 0);
      return firstDue(pace);
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    pace.drained(report({}), 0);
    pace.drained(failed, 0);
    expect(firstDue(pace)).toBe(1_000);
  });

  test('drains no later for looks that fail, so that somebody is told', () => {
    const pace = new DrainPace(BOUNDS);
    pace.drained(report({}), 0);
    pace.lookFailed(10_000);
    expect(pace).toMatchObject({ waitMs: 1_000 });
    expect(firstDue(pace)).toBe(11_000);
    pace.lookFailed(10_500);
    expect(firstDue(pace)).toBe(11_000);
  });

  test('does not even look before a drain that failed is tried again', () => {
    const pace = new DrainPace(BOUNDS);
    const waits = [failed, failed, failed, failed, failed, failed].map((left) => {
      pace.drained(left, 0);
      return pace.waitMs;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  });

  test('looks for the others where an endpoint takes nothing, ever more seldom', () => {
    const pace = new DrainPace(BOUNDS);
    const waits = [held, held, held].map((left) => {
      pace.drained(left, 0);
      return pace.waitMs;
    });
    expect(waits).toEqual([40, 80, 160]);
    expect(pace.isQuiet).toBe(true);
  });

  test('gives a look a twentieth of the time at most', () => {
    const pace = new DrainPace(BOUNDS);
    pace.foundNothing(200);
    expect(pace.waitMs).toBe(4_000);
    pace.foundNothing(5_000);
    expect(pace.waitMs).toBe(30_000);
    pace.foundNothing(1);
    expect(pace.waitMs).toBe(1_000);
  });

  test('keeps its pace for the others while an endpoint parks', () => {
    const pace = new DrainPace(BOUNDS);
    pace.drained(report({ endpoints: [parking] }), 0);
    expect(pace.waitMs).toBe(20);
    expect(firstDue(pace)).toBe(1_000);
  });

  test('leaves the field to another drainer', () => {
    const pace = new DrainPace(BOUNDS);
    pace.drained(busyReport(), 0);
    expect(pace.waitMs).toBe(1_000);
  });
});

function firstDue(pace: DrainPace): number {
  for (let now = 0; ; now += 500) if (pace.isDue(now)) return now;
}
