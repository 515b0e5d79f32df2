import { expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import { busyReport } from '../../src/http/busy-report.ts';
import { ReportSieve } from '../../src/runtime/report-sieve.ts';

type Of = Pick<DrainReport, 'status'> & { readonly state?: 'active' | 'held' | 'parking' };

const report = ({ status, state = 'active' }: Of): DrainReport => ({
  ...busyReport(),
  status,
  endpoints: [
    {
      name: 'hooks',
      delivered: 1,
      filtered: 0,
      parked: 0,
      dead_lettered: 0,
      failed_attempts: 0,
      checkpoint: null,
      state,
      error: null,
    },
  ],
});

test('lets through what is new, and one in a while of what is not', () => {
  const sieve = new ReportSieve(1_000);
  const told: readonly (readonly [number, Of])[] = [
    [0, { status: 'caught_up' }],
    [10, { status: 'caught_up' }],
    [20, { status: 'held', state: 'held' }],
    [30, { status: 'held', state: 'held' }],
    [40, { status: 'held', state: 'parking' }],
    [50, { status: 'caught_up' }],
    [1_049, { status: 'caught_up' }],
    [1_050, { status: 'caught_up' }],
  ];
  const passed = told.filter(([at, of]) => sieve.passes(report(of), at)).map(([at]) => at);
  expect(passed).toEqual([0, 20, 40, 50, 1_050]);
});

test('lets every failure through', () => {
  const sieve = new ReportSieve(1_000);
  const failed = report({ status: 'failed' });
  expect([sieve.passes(failed, 0), sieve.passes(failed, 1)]).toEqual([true, true]);
});
