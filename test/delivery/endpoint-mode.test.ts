import { describe, expect, test } from 'vitest';
import { type EndpointHealth, HEALTHY } from '../../src/delivery/circuit-breaker.ts';
import {
  type EndpointSituation,
  modeOf,
  type UnavailablePolicy,
} from '../../src/delivery/endpoint-mode.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const hold: UnavailablePolicy = {
  onUnavailable: 'hold',
  parkAfterMs: 300_000,
  parkAfterBytes: 1_000,
};
const park: UnavailablePolicy = { ...hold, onUnavailable: 'park' };

const down = (forMs: number, next: Partial<EndpointHealth>): EndpointHealth => ({
  breaker: 'open',
  consecutiveFailures: 5,
  downSince: NOW - forMs,
  lastFailure: 'unavailable',
  nextAttemptAt: null,
  stuck: null,
  ...next,
});
const SOON = NOW + 10_000;
const healths = {
  up: HEALTHY,
  // It took what it got, and asked for a pause all the same.
  'up, asked to wait': { ...HEALTHY, nextAttemptAt: SOON },
  'failing, not yet open': down(1_000, { breaker: 'closed', consecutiveFailures: 1 }),
  'down, half-open': down(1_000, { nextAttemptAt: NOW }),
  'down for long, half-open': down(300_000, { nextAttemptAt: NOW }),
  'down, waits': down(299_999, { nextAttemptAt: SOON }),
  'down, asked to wait': down(1_000, { breaker: 'closed', nextAttemptAt: SOON }),
  'down for long, waits': down(300_000, { nextAttemptAt: SOON }),
} as const;

/** Each health with nothing parked and little WAL held back, with much held back, and with a backlog. */
const TABLE = `
                             alone                  holds back much       something is parked
                             hold       park        hold       park       hold       park
  up                         sending    sending     sending    replaying  replaying  replaying
  up, asked to wait          held       held        held       parking    held       parking
  failing, not yet open      sending    sending     sending    sending    replaying  replaying
  down, half-open            sending    sending     sending    sending    replaying  replaying
  down for long, half-open   sending    sending     sending    sending    replaying  replaying
  down, waits                held       held        held       parking    held       parking
  down, asked to wait        held       held        held       parking    held       parking
  down for long, waits       held       parking     held       parking    held       parking
`;

const columns: readonly [UnavailablePolicy, { heldBackBytes: number; parkedEvents: number }][] = [
  { heldBackBytes: 1_000, parkedEvents: 0 },
  { heldBackBytes: 1_001, parkedEvents: 0 },
  { heldBackBytes: 0, parkedEvents: 1 },
].flatMap((backlog) => [
  [hold, backlog],
  [park, backlog],
]);

const rows = TABLE.split('\n')
  .filter((line) => /^ {2}\S/.test(line))
  .map((line) => line.trim().split(/ {2,}/) as [keyof typeof healths, ...string[]]);

test('the table has a row for each health', () => {
  expect(rows.map(([name]) => name)).toEqual(Object.keys(healths));
});

test.each(rows)('%s', (name, ...expected) => {
  const modes = columns.map(([policy, backlog]) => {
    const situation: EndpointSituation = {
      health: healths[name],
      pause: null,
      wasHeld: false,
      ...backlog,
    };
    return modeOf(policy, situation, NOW).kind;
  });
  expect(modes).toEqual(expected);
});

describe('a paused endpoint', () => {
  const situations = Object.values(healths).flatMap((health) =>
    columns.map(([policy, backlog]) => ({ policy, health, backlog })),
  );

  test.each([
    [true, 'parking'],
    [false, 'held'],
  ] as const)('parks: %s → %s, whatever else is so', (parks, kind) => {
    const pause = { reason: 'a deploy', parks };
    const modes = situations.map(({ policy, health, backlog }) =>
      modeOf(policy, { health, pause, wasHeld: true, ...backlog }, NOW),
    );
    expect(new Set(modes.map((mode) => JSON.stringify(mode)))).toEqual(
      new Set([JSON.stringify({ kind, because: 'paused: a deploy' })]),
    );
  });
});

test('a mode in which nothing is sent says why, and until when', () => {
  const situation = { pause: null, wasHeld: false, parkedEvents: 0, heldBackBytes: 0 };
  expect(modeOf(hold, { ...situation, health: healths['down, waits'] }, NOW)).toEqual({
    kind: 'held',
    because: 'no attempt before 2026-01-31T12:00:10.000Z, after 5 failed in a row',
  });
});

test('one that was put on hold in this drain is not tried again, however short its wait is', () => {
  const failed = { ...healths['down for long, half-open'], nextAttemptAt: null };
  const situation = { pause: null, wasHeld: true, parkedEvents: 0, heldBackBytes: 0 };
  const because = 'no attempt before the next drain, after 5 failed in a row';
  const modes = [hold, park].map((policy) => modeOf(policy, { health: failed, ...situation }, NOW));
  expect(modes).toEqual([
    { kind: 'held', because },
    { kind: 'parking', because },
  ]);
});
