import { expect, test } from 'vitest';
import type { DrainReport, EndpointReport } from '../../src/drain/report.ts';
import { drainFailure } from '../../src/runtime/drain-outcome.ts';

const reports = (...states: [EndpointReport['state'], string | null][]): DrainReport => ({
  status: 'held',
  run_id: 'r1',
  from_lsn: '0/1',
  to_lsn: '0/2',
  target_lsn: '0/2',
  lag_bytes: 0,
  windows: 1,
  transactions: 1,
  events: 1,
  duration_ms: 5,
  endpoints: states.map(([state, error], nth) => ({
    name: `e${nth}`,
    delivered: 0,
    filtered: 0,
    parked: 0,
    dead_lettered: 0,
    failed_attempts: 0,
    checkpoint: null,
    state,
    error,
  })),
  error: null,
});

test.each<[string, [EndpointReport['state'], string | null][], string, RegExp]>([
  [
    'held',
    [
      ['active', null],
      ['held', 'HTTP 503'],
    ],
    'held: e1 (HTTP 503)',
    /wait in the slot/,
  ],
  ['parked for', [['parking', 'HTTP 503']], 'events are parked for: e0 (HTTP 503)', /are parked/],
  [
    'held, and another parked for',
    [
      ['parking', 'paused: moving'],
      ['held', 'HTTP 503'],
    ],
    'held: e1 (HTTP 503); events are parked for: e0 (paused: moving)',
    /wait in the slot/,
  ],
  ['held for no reason', [['held', null]], 'held: e0 (no reason given)', /wait in the slot/],
])(
  'the error of a drain whose endpoint is %s names it, and says where its events are',
  (...given) => {
    const [, states, message, remedy] = given;
    const failure = drainFailure(reports(...states));
    expect(failure).toMatchObject({ code: 'endpoint_held', message });
    expect(failure!.remedy).toMatch(remedy);
  },
);
