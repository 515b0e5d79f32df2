import { expect, test } from 'vitest';
import { newEndpoint } from '../../src/operations/endpoint-status.ts';
import { endpointTroubles } from '../../src/operations/endpoint-troubles.ts';
import type { EndpointStatus } from '../../src/operations/pipeline-status.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const ago = (ms: number) => new Date(NOW - ms).toISOString();

const endpoint = (changes: Partial<EndpointStatus>): EndpointStatus => ({
  ...newEndpoint('orders'),
  state: 'active',
  ...changes,
});

const waiting = { events: 12_000, bytes: 3 << 20, oldest_at: ago(60_000) };

test.each<readonly [string, EndpointStatus, readonly string[]]>([
  ['takes its events', endpoint({}), []],
  ['is new', endpoint({ state: 'new' }), []],
  [
    'is down, and waits for its next attempt',
    endpoint({
      state: 'held',
      reason: 'unavailable: HTTP 503',
      breaker: 'open',
      down_since: ago(12 * 60_000),
      next_attempt_at: ago(-20_000),
    }),
    [
      'The endpoint "orders" takes nothing (unavailable: HTTP 503): its events wait in the slot, which cannot move on. Make it answer 2xx again. It has been down for 12 min; no attempt is made in the next 20 s, unless you say walhook endpoints resume orders.',
    ],
  ],
  [
    'is down, and its time has come',
    endpoint({
      state: 'held',
      reason: 'HTTP 503',
      down_since: ago(5_000),
      next_attempt_at: ago(1),
    }),
    [
      'The endpoint "orders" takes nothing (HTTP 503): its events wait in the slot, which cannot move on. Make it answer 2xx again. It has been down for 5.0 s; the next drain tries again.',
    ],
  ],
  [
    'is parked for',
    endpoint({ state: 'parking', reason: 'HTTP 503', down_since: ago(3_600_000 * 3), waiting }),
    [
      'The endpoint "orders" takes nothing (HTTP 503): 12,000 events (3.0 MiB) are parked for it. Make it answer 2xx again; they go first then. It has been down for 3 h; the next drain tries again.',
    ],
  ],
  [
    'is configured again',
    endpoint({ missed_from: '0/1A2B3C' }),
    [
      'The endpoint "orders" was not configured while changes after 0/1A2B3C were drained: it will not get these. The next drain sends it what comes after the slot\'s position.',
    ],
  ],
  [
    'is paused, and holds the slot',
    endpoint({
      state: 'paused',
      paused: { since: ago(3_600_000 * 3), reason: 'moving', parks: false },
    }),
    [
      'The endpoint "orders" has been paused for 3 h (moving): its events wait in the slot, which cannot move on. walhook endpoints resume orders, or let them be parked: walhook endpoints pause orders --park',
    ],
  ],
  [
    'is paused, and parks',
    endpoint({
      state: 'paused',
      paused: { since: ago(60_000), reason: 'moving', parks: true },
      waiting: { ...waiting, events: 1 },
    }),
    [
      'The endpoint "orders" has been paused for 60 s (moving): 1 event (3.0 MiB) is parked for it. walhook endpoints resume orders sends them first.',
    ],
  ],
  [
    'has dead letters',
    endpoint({ dead_letters: 1_234 }),
    [
      'The endpoint "orders" has 1,234 dead letters. See walhook dead-letters list --endpoint orders',
    ],
  ],
  [
    'was removed, and left something',
    endpoint({ state: 'removed', reason: 'HTTP 503', waiting, dead_letters: 1 }),
    [
      'The endpoint "orders" is not configured any more, and has 12,000 parked events and 1 dead letter. Configure it again to send them, or forget them: see the runbook.',
    ],
  ],
  ['was removed, and left nothing', endpoint({ state: 'removed', reason: 'HTTP 503' }), []],
])('of an endpoint that %s, the operator is told what to do', (_what, status, troubles) => {
  expect(endpointTroubles([status], NOW)).toEqual(troubles);
});

test('what holds the slot comes first, dead letters and what was removed last', () => {
  const letters = endpoint({ name: 'letters', dead_letters: 1 });
  const parking = endpoint({ name: 'parking', state: 'parking', waiting });
  const held = endpoint({ name: 'held', state: 'held', dead_letters: 1 });
  const removed = endpoint({ name: 'removed', state: 'removed', waiting });
  const told = endpointTroubles([removed, letters, parking, held], NOW);
  expect(told.map((text) => /"(\w+)"/.exec(text)![1])).toEqual([
    'held',
    'parking',
    'letters',
    'held',
    'removed',
  ]);
});
