import { describe, expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import { busyReport } from '../../src/http/busy-report.ts';
import { DrainPace } from '../../src/runtime/drain-pace.ts';

const BOUNDS = { minIntervalMs: 20, maxIntervalMs: 1_000 };

const report = (changes: Partial<DrainReport>): DrainReport => ({
  ...busyReport(),
  status: 'caught_up',
  events: 1,
  ...changes,
});

const parking = {
  name: 'hooks',
  delivered: 0,
  filtered: 0,
  parked: 1,
  dead_lettered: 0,
  failed_attempts: 1,
  checkpoint: null,
  state: 'parking',
  error: 'HTTP 503',
} as const;

describe('the pace of a server that drains by itself', () => {
  test('drains at its start, whatever the WAL', () => {
    expect(new DrainPace(BOUNDS).isDue(0)).toBe(true);
  });

  test('looks again soon after a drain that found something', () => {
    const pace = new DrainPace(BOUNDS);
    for (let looks = 0; looks < 10; looks++) pace.foundNothing();
    pace.drained(report({}), 0);
    expect(pace).toMatchObject({ waitMs: 20, isQuiet: false });
    expect(pace.isDue(59_999)).toBe(false);
  });

  test('waits longer and longer while nothing is found, up to a bound', () => {
    const pace = new DrainPace(BOUNDS);
    const waits = Array.from({ length: 8 }, () => {
      pace.foundNothing();
      return pace.waitMs;
    });
    expect(waits).toEqual([40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
    expect(pace.isQuiet).toBe(true);
  });

  test('takes a drain that found nothing for a look that found nothing', () => {
    const pace = new DrainPace(BOUNDS);
    pace.drained(report({ events: 0 }), 0);
    expect(pace).toMatchObject({ waitMs: 40, isQuiet: true });
  });

  test('drains once a minute in any case, so that the slot moves over what is nobody’s', () => {
    const pace = new DrainPace(BOUNDS);
    pace.drained(report({ events: 0 }), 0);
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
    const waits: number[] = [];
    for (const status of ['held', 'failed', 'held', 'failed', 'held', 'held', 'held'] as const) {
      pace.drained(report({ status }), 0);
      waits.push(firstDue(pace));
      expect(pace.waitMs).toBe(1_000);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    pace.drained(report({}), 0);
    pace.drained(report({ status: 'failed' }), 0);
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
