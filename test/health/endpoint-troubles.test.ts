import { expect, test } from 'vitest';
import { diagnose } from '../../src/health/diagnose.ts';
import type { EndpointFacts } from '../../src/health/facts.ts';
import { troubleText } from '../../src/health/views/status.ts';
import { endpoint as endpointFacts, facts, RULES } from './facts.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const ago = (ms: number) => NOW - ms;

const endpoint = (changes: Partial<EndpointFacts>): EndpointFacts =>
  endpointFacts({ name: 'orders', ...changes });

const waiting = { parkedEvents: 12_000, parkedBytes: 3 << 20 };

/** What the operator is told of these endpoints, the worst first. */
const toldOf = (...endpoints: readonly EndpointFacts[]): string[] =>
  diagnose(facts({ at: NOW, endpoints }), RULES).map(troubleText);

test.each<readonly [string, EndpointFacts, readonly string[]]>([
  ['takes its events', endpoint({}), []],
  ['is new', endpoint({ state: 'new' }), []],
  [
    'is down, and waits for its next attempt',
    endpoint({
      state: 'held',
      reason: 'unavailable: HTTP 503',
      downSince: ago(12 * 60_000),
      nextAttemptAt: ago(-20_000),
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
      downSince: ago(5_000),
      nextAttemptAt: ago(1),
    }),
    [
      'The endpoint "orders" takes nothing (HTTP 503): its events wait in the slot, which cannot move on. Make it answer 2xx again. It has been down for 5.0 s; the next drain tries again.',
    ],
  ],
  [
    'is parked for',
    endpoint({ state: 'parking', reason: 'HTTP 503', downSince: ago(3_600_000 * 3), ...waiting }),
    [
      'The endpoint "orders" takes nothing (HTTP 503): 12,000 events (3.0 MiB) are parked for it. Make it answer 2xx again; they go first then. It has been down for 3 h; the next drain tries again.',
    ],
  ],
  [
    'is configured again',
    endpoint({ missedFrom: '0/1A2B3C' }),
    [
      'The endpoint "orders" was not configured while changes after 0/1A2B3C were drained: it will not get these. The next drain sends it what comes after the slot\'s position.',
    ],
  ],
  [
    'is paused, and holds the slot',
    endpoint({
      state: 'held',
      pause: { at: ago(3_600_000 * 3), reason: 'moving', parks: false },
    }),
    [
      'The endpoint "orders" has been paused for 3 h (moving): its events wait in the slot, which cannot move on. walhook endpoints resume orders, or let them be parked: walhook endpoints pause orders --park',
    ],
  ],
  [
    'is paused, and parks',
    endpoint({
      state: 'parking',
      pause: { at: ago(60_000), reason: 'moving', parks: true },
      ...waiting,
      parkedEvents: 1,
    }),
    [
      'The endpoint "orders" has been paused for 60 s (moving): 1 event (3.0 MiB) is parked for it. walhook endpoints resume orders sends them first.',
    ],
  ],
  [
    'has dead letters',
    endpoint({ deadLetters: 1_234 }),
    [
      'The endpoint "orders" has 1,234 dead letters. See walhook dead-letters list --endpoint orders',
    ],
  ],
  [
    'was removed, and left something',
    endpoint({ isConfigured: false, reason: 'HTTP 503', ...waiting, deadLetters: 1 }),
    [
      'The endpoint "orders" is not configured any more, and has 12,000 parked events and 1 dead letter. Configure it again to send them, or forget them: see the runbook.',
    ],
  ],
  ['was removed, and left nothing', endpoint({ isConfigured: false }), []],
  [
    'was removed, and passed over since',
    endpoint({ isConfigured: false, state: 'held', reason: 'HTTP 503', missedFrom: '0/1A2B3C' }),
    [],
  ],
  [
    "is another call's, and takes nothing",
    endpoint({ isConfigured: false, state: 'held', reason: 'HTTP 503', deadLetters: 2 }),
    [
      'The endpoint "orders" did not take its events in its last drain (HTTP 503), and they wait in the slot; this call\'s configuration does not name it. It has 2 dead letters besides. Once it answers 2xx, drain with it: HTTP_ENDPOINT_URL, --endpoint-url or a configuration file. A drain without it passes over what is left for it.',
    ],
  ],
  [
    'holds the slot with events that are parked before it',
    endpoint({ state: 'held', reason: 'the bound on parked events is reached', ...waiting }),
    [
      'The endpoint "orders" takes nothing (the bound on parked events is reached): 12,000 events (3.0 MiB) are parked for it, and what came after them waits in the slot, which cannot move on. Make it answer 2xx again.',
    ],
  ],
  [
    'takes its events, and has not got all that is parked',
    endpoint(waiting),
    [
      'The endpoint "orders" is catching up: 12,000 events (3.0 MiB) are parked for it. They go first, in order, and each drain goes on with them.',
    ],
  ],
  [
    'failed at its last attempt, in a drain that ended',
    endpoint({ downSince: ago(5_000), lastFailure: 'unavailable' }),
    [
      'The last attempt at the endpoint "orders" failed (unavailable). See what it answers: walhook endpoints test orders. It has been down for 5.0 s; the next drain tries again.',
    ],
  ],
])('of an endpoint that %s, the operator is told what to do', (_what, found, troubles) => {
  expect(toldOf(found)).toEqual(troubles);
});

test('what holds the slot comes first, dead letters and what was removed last', () => {
  const letters = endpoint({ name: 'letters', deadLetters: 1 });
  const parking = endpoint({ name: 'parking', state: 'parking', ...waiting });
  const held = endpoint({ name: 'held', state: 'held', deadLetters: 1 });
  const removed = endpoint({ name: 'removed', isConfigured: false, ...waiting });
  const told = toldOf(removed, letters, parking, held);
  expect(told.map((text) => /"(\w+)"/.exec(text)![1])).toEqual([
    'held',
    'parking',
    'letters',
    'held',
    'removed',
  ]);
});
