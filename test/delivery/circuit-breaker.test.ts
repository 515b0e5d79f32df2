import { array, assert as check, asyncProperty, constantFrom } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Admission } from '../../src/delivery/admission.ts';
import {
  afterFailedAttempt,
  type BreakerPolicy,
  type EndpointHealth,
  HEALTHY,
  permission,
} from '../../src/delivery/circuit-breaker.ts';
import { unlimited } from '../../src/delivery/rate-limit.ts';
import { FakeClock } from '../support/fake-clock.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const EARLIER = NOW - 60_000;
const policy: BreakerPolicy = { failures: 3, resetMs: 30_000 };

const closed = (consecutiveFailures: number, nextAttemptAt: number | null = null) =>
  ({
    breaker: 'closed',
    consecutiveFailures,
    downSince: consecutiveFailures === 0 ? null : EARLIER,
    nextAttemptAt,
    stuck: null,
    lastFailure: consecutiveFailures === 0 ? null : 'unavailable',
  }) as const;
const open = (consecutiveFailures: number, nextAttemptAt: number | null) =>
  ({
    breaker: 'open',
    consecutiveFailures,
    downSince: EARLIER,
    nextAttemptAt,
    stuck: null,
    lastFailure: 'unavailable',
  }) as const;

const HALF_OPEN = open(3, NOW);

describe('a failed attempt', () => {
  test.each<[string, EndpointHealth, number | null, EndpointHealth]>([
    ['of a healthy endpoint is counted', HEALTHY, null, { ...closed(1), downSince: NOW }],
    ['before the last that is borne is counted', closed(1), null, closed(2)],
    ['that is the last to be borne opens it', closed(2), null, open(3, NOW + 30_000)],
    ['of a half-open breaker opens it again', HALF_OPEN, null, open(4, NOW + 30_000)],
    ['of an open one leaves it open', open(5, NOW - 1), null, open(6, NOW + 30_000)],
    ['that asks for time gets it', closed(0), 7_000, { ...closed(1, NOW + 7_000), downSince: NOW }],
    ['that asks for no time is tried again at once', closed(1), 0, closed(2)],
    ['that asks for less than the breaker waits', closed(2), 7_000, open(3, NOW + 30_000)],
    ['that asks for more than the breaker waits', closed(2), 90_000, open(3, NOW + 90_000)],
    ['of a half-open breaker that asks for more', HALF_OPEN, 90_000, open(4, NOW + 90_000)],
  ])('%s', (_what, health, retryAfterMs, expected) => {
    expect(afterFailedAttempt(health, policy, 'unavailable', retryAfterMs, NOW)).toEqual(expected);
  });

  test('opens at the first one where no failure is borne, and is due at once without a wait', () => {
    const atOnce = { failures: 1, resetMs: 0 };
    const health = afterFailedAttempt(HEALTHY, atOnce, 'unavailable', null, NOW);
    expect(health).toEqual({ ...open(1, null), downSince: NOW });
    expect(permission(health, NOW)).toBe('one');
  });

  test('says what it came to, until one succeeds', () => {
    const refused = afterFailedAttempt(closed(1), policy, 'misconfigured', null, NOW);
    expect(refused.lastFailure).toBe('misconfigured');
    expect(afterFailedAttempt(refused, policy, 'unavailable', null, NOW)).toMatchObject({
      lastFailure: 'unavailable',
    });
  });
});

test.each<[string, EndpointHealth, ReturnType<typeof permission>]>([
  ['healthy', HEALTHY, 'any'],
  ['failing, and not yet open', closed(2), 'any'],
  ['asked to wait', closed(1, NOW + 1), 'none'],
  ['asked to wait until now', closed(1, NOW), 'any'],
  ['open', open(3, NOW + 1), 'none'],
  ['half-open: its time has come', open(3, NOW), 'one'],
  ['half-open for long', open(3, NOW - 86_400_000), 'one'],
  ['open without a wait', open(3, null), 'one'],
])('%s, an endpoint may be sent to accordingly', (_state, health, expected) => {
  expect(permission(health, NOW)).toBe(expected);
});

type Opened = {
  readonly admission: Admission;
  readonly clock: FakeClock;
  readonly stop: AbortController;
  readonly held: string[];
};

function admissionOf(health: EndpointHealth, breaker = policy, mayAttempt?: () => boolean): Opened {
  const clock = new FakeClock(NOW);
  const stop = new AbortController();
  const held: string[] = [];
  const admission = new Admission({
    health,
    breaker,
    retry: { attempts: 3, minDelayMs: 0, maxDelayMs: 10_000 },
    limit: unlimited(clock),
    clock,
    stop: stop.signal,
    mayAttempt,
    onHold(reason) {
      held.push(reason);
      stop.abort();
    },
  });
  return { admission, clock, stop, held };
}

/** Lets everything that waits for no clock come to its end. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Attempts that want in, and how each of them was answered. */
function enterTimes(admission: Admission, times: number): boolean[] {
  const answers: boolean[] = [];
  for (let i = 0; i < times; i++) void admission.enter(1).then((answer) => answers.push(answer));
  return answers;
}

test('an attempt that may not begin is asked about once, and leaves a half-open breaker to the next', async () => {
  const answers = [false, true];
  const { admission } = admissionOf(HALF_OPEN, policy, () => answers.shift()!);
  expect(await admission.enter(1)).toBe(false);
  expect(await admission.enter(1)).toBe(true);
  expect([answers, admission.health]).toEqual([[], HALF_OPEN]);
});

describe('a half-open breaker', () => {
  test('lets one through, and all once that one succeeded', async () => {
    const { admission } = admissionOf(HALF_OPEN);
    const answers = enterTimes(admission, 5);
    await settle();
    expect(answers).toEqual([true]);
    admission.succeeded(null);
    await settle();
    expect(answers).toEqual([true, true, true, true, true]);
    expect(admission.health).toEqual(HEALTHY);
  });

  test('lets nobody else through once that one failed', async () => {
    const { admission, held } = admissionOf(HALF_OPEN);
    const answers = enterTimes(admission, 3);
    await settle();
    admission.failed('unavailable', null);
    await settle();
    expect(answers).toEqual([true, false, false]);
    expect(held).toEqual(['no attempt before 2026-01-31T12:00:30.000Z']);
    expect(admission.health).toEqual(open(4, NOW + 30_000));
  });

  test('lets the next one through where that one was given up', async () => {
    const { admission } = admissionOf(HALF_OPEN);
    const answers = enterTimes(admission, 3);
    await settle();
    admission.abandoned();
    await settle();
    expect(answers).toEqual([true, true]);
    expect(admission.health).toEqual(HALF_OPEN);
  });

  test('never has more than one under way, however attempts come and end', async () => {
    const step = constantFrom('enter', 'enter', 'enter', 'succeed', 'fail', 'abandon', 'settle');
    await check(
      asyncProperty(array(step, { maxLength: 30 }), async (steps) => {
        const { admission, stop } = admissionOf(open(3, NOW - 1));
        let underWay = 0;
        for (const next of steps) {
          if (next === 'enter') void admission.enter(1).then((entered) => (underWay += +entered));
          else if (next !== 'settle' && underWay > 0) {
            underWay -= 1;
            if (next === 'succeed') admission.succeeded(null);
            else if (next === 'abandon') admission.abandoned();
            else {
              admission.failed('unavailable', null);
              // Whoever fails with an open breaker gives up.
              if (admission.isOpen) stop.abort();
            }
          }
          if (next === 'settle') await settle();
          expect(admission.isOpen ? underWay : 0).toBeLessThanOrEqual(1);
        }
        stop.abort();
      }),
      { numRuns: 200 },
    );
  });
});

test('a short wait that an endpoint asked for is waited for, by all that want in', async () => {
  const { admission, clock } = admissionOf(HEALTHY);
  const first = enterTimes(admission, 1);
  await settle();
  admission.failed('unavailable', 2_000);
  const later = enterTimes(admission, 3);
  await settle();
  expect([first, later]).toEqual([[true], []]);
  clock.advance(1_999);
  await settle();
  expect(later).toEqual([]);
  clock.advance(1);
  await settle();
  expect(later).toEqual([true, true, true]);
});

test('a wait that is longer than a drain should wait is a hold', async () => {
  const { admission, held } = admissionOf(closed(1, NOW + 60_000));
  const answers = enterTimes(admission, 2);
  await settle();
  expect(answers).toEqual([false, false]);
  expect(held).toEqual(['asked to wait until 2026-01-31T12:01:00.000Z']);
});

test('where the attempts of a drain are used up, the next drain waits as a retry would', () => {
  const { admission } = admissionOf(closed(0));
  admission.failed('unavailable', null);
  expect(admission.health.nextAttemptAt).toBeNull();
  admission.exhausted();
  expect(admission.health.nextAttemptAt).toBeGreaterThanOrEqual(NOW);
});
