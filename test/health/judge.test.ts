import { describe, expect, test } from 'vitest';
import type { EndpointFacts, PipelineFacts, RunFacts, SlotFacts } from '../../src/health/facts.ts';
import { type Incident, RULE_NAMES, type RuleName } from '../../src/health/alerting/incident.ts';
import { judge } from '../../src/health/alerting/judge.ts';
import { endpoint, facts, GiB, MINUTE, NOW, RULES, slot } from './facts.ts';

type Verdict = 'due' | 'noted' | 'clear' | 'unsure';

const open = (rule: RuleName, subject: string, openedAt = NOW - 60 * MINUTE): Incident => ({
  rule,
  subject,
  openedAt: new Date(openedAt),
  resolvedAt: null,
  detail: 'before',
});

/** What comes of an incident of this rule that is open. */
function verdictOf(rule: RuleName, given: PipelineFacts, subject: string): Verdict {
  const { raised, resolved } = judge(given, RULES, [open(rule, subject)]);
  const found = raised.find((each) => each.rule === rule);
  if (found !== undefined) return found.due ? 'due' : 'noted';
  return resolved.some((each) => each.rule === rule) ? 'clear' : 'unsure';
}

/** What a rule opens where nothing is open. */
function opens(rule: RuleName, given: PipelineFacts): Verdict | 'nothing' {
  const found = judge(given, RULES, []).raised.find((each) => each.rule === rule);
  return found === undefined ? 'nothing' : found.due ? 'due' : 'noted';
}

const held = (reason: string, downForMs: number): Partial<EndpointFacts> => ({
  reason,
  downSince: NOW - downForMs,
  lastFailure: reason.startsWith('misconfigured') ? 'misconfigured' : 'unavailable',
});
const pause = { at: NOW - MINUTE, reason: 'paused by a person: maintenance', parks: true };

const bounded = (safeBytes: number) => ({ safeBytes, maxHeldBytes: 100 * GiB });

const run = (minutesAgo: number, status: string): RunFacts => ({
  runId: `r${minutesAgo}`,
  startedAt: NOW - minutesAgo * MINUTE,
  status,
  error:
    status === 'failed'
      ? {
          code: 'slot_missing',
          message: 'there is no replication slot named "shop"',
          remedy: 'Run walhook init.',
        }
      : null,
});
const judgedRuns = (runs: readonly RunFacts[], since: number | null) =>
  judge(
    facts({ runs }),
    RULES,
    since === null ? [] : [open('run_failed', '', NOW - since * MINUTE)],
  );

describe('the rules of an endpoint', () => {
  test.each<[RuleName, Verdict | 'nothing', Partial<EndpointFacts>]>([
    ['endpoint_down', 'nothing', {}],
    ['endpoint_down', 'noted', held('unavailable: HTTP 503', 5 * MINUTE - 1)],
    ['endpoint_down', 'due', held('unavailable: HTTP 503', 5 * MINUTE)],
    ['endpoint_down', 'due', { ...held('', 5 * MINUTE), reason: null }],
    // Slow, or waiting for others.
    ['endpoint_down', 'nothing', { reason: 'left behind' }],
    ['endpoint_down', 'nothing', held('misconfigured: HTTP 401', 5 * MINUTE)],
    ['endpoint_down', 'nothing', { ...held('unavailable: HTTP 503', 5 * MINUTE), pause }],
    ['endpoint_misconfigured', 'nothing', {}],
    ['endpoint_misconfigured', 'due', held('misconfigured: HTTP 404', 0)],
    ['endpoint_misconfigured', 'nothing', held('unavailable: HTTP 503', 0)],
    ['endpoint_misconfigured', 'nothing', { ...held('misconfigured: HTTP 404', 0), pause }],
    ['endpoint_paused', 'nothing', held('unavailable: HTTP 503', 5 * MINUTE)],
    ['endpoint_paused', 'due', { pause }],
    ['dead_letters', 'nothing', { deadLetters: 0 }],
    ['dead_letters', 'due', { deadLetters: 1 }],
    ['parked_near_cap', 'nothing', { parkedEvents: 1_000_000 }],
    ['parked_near_cap', 'nothing', { parkedEvents: 800, caps: { events: 1_000, bytes: GiB } }],
    ['parked_near_cap', 'due', { parkedEvents: 801, caps: { events: 1_000, bytes: GiB } }],
    ['parked_near_cap', 'due', { parkedBytes: 0.9 * GiB, caps: { events: 1_000, bytes: GiB } }],
  ])('%s: %s where it is %j', (rule, verdict, changes) => {
    expect(opens(rule, facts({ endpoints: [endpoint(changes)] }))).toBe(verdict);
  });

  test.each<[RuleName, Verdict, Partial<EndpointFacts>]>([
    ['endpoint_down', 'clear', {}],
    // It is not up, and what it is now has a message of its own.
    ['endpoint_down', 'unsure', held('misconfigured: HTTP 401', 0)],
    ['endpoint_down', 'unsure', { ...held('unavailable: HTTP 503', 0), pause }],
    ['endpoint_misconfigured', 'clear', {}],
    ['endpoint_misconfigured', 'unsure', held('unavailable: HTTP 503', 0)],
    ['endpoint_paused', 'clear', held('unavailable: HTTP 503', 0)],
    ['dead_letters', 'clear', {}],
    ['parked_near_cap', 'clear', {}],
    ['parked_near_cap', 'clear', { parkedEvents: 640, caps: { events: 1_000, bytes: GiB } }],
    ['parked_near_cap', 'unsure', { parkedEvents: 641, caps: { events: 1_000, bytes: GiB } }],
  ])('an incident of %s: %s where it is %j', (rule, verdict, changes) => {
    expect(verdictOf(rule, facts({ endpoints: [endpoint(changes)] }), 'billing')).toBe(verdict);
  });

  test('each endpoint has its own', () => {
    const endpoints = [endpoint(), endpoint({ name: 'search', deadLetters: 2 })];
    expect(judge(facts({ endpoints }), RULES, []).raised).toEqual([
      {
        rule: 'dead_letters',
        subject: 'search',
        since: new Date(NOW),
        due: true,
        detail: '2 dead letters',
      },
    ]);
  });

  const refused = endpoint(held('misconfigured: HTTP 401', 60 * MINUTE));
  const between = endpoint(held('no attempt before 03:00', 60 * MINUTE));

  test('one that refuses everything is not told as down besides, also between attempts', () => {
    const isTold = open('endpoint_misconfigured', 'billing');
    expect(judge(facts({ endpoints: [refused] }), RULES, []).raised).toMatchObject([
      { rule: 'endpoint_misconfigured' },
    ]);
    expect(judge(facts({ endpoints: [between] }), RULES, [isTold])).toEqual({
      raised: [],
      resolved: [],
    });
  });

  test('one that refuses everything is told by what it answered last, whatever is said of it since', () => {
    const waiting = { ...between, lastFailure: 'misconfigured' } as const;
    expect(judge(facts({ endpoints: [waiting] }), RULES, []).raised).toMatchObject([
      {
        rule: 'endpoint_misconfigured',
        due: true,
        detail: 'misconfigured: no attempt before 03:00',
      },
    ]);
    const isTold = { ...open('endpoint_misconfigured', 'billing'), detail: refused.reason! };
    expect(judge(facts({ endpoints: [waiting] }), RULES, [isTold]).raised).toMatchObject([
      { rule: 'endpoint_misconfigured', detail: 'misconfigured: HTTP 401' },
    ]);
  });

  test('between attempts what was answered before is kept', () => {
    const down = { ...open('endpoint_down', 'billing'), detail: 'unavailable: HTTP 503' };
    const seen = judge(facts({ endpoints: [between] }), RULES, [down]);
    expect(seen.raised).toMatchObject([{ detail: 'unavailable: HTTP 503', due: true }]);
    const answered = endpoint(held('unavailable: HTTP 502', 60 * MINUTE));
    const seenAgain = judge(facts({ endpoints: [answered] }), RULES, [down]);
    expect(seenAgain.raised).toMatchObject([{ detail: 'unavailable: HTTP 502' }]);
  });

  test('unless nobody is told of what refuses everything', () => {
    const rules = { ...RULES, off: ['endpoint_misconfigured' as const] };
    expect(judge(facts({ endpoints: [refused] }), rules, []).raised).toMatchObject([
      { rule: 'endpoint_down', due: true },
    ]);
  });
});

describe('the rules of the slot', () => {
  test.each<[RuleName, Verdict | 'nothing', Partial<SlotFacts>]>([
    ['lag_bytes', 'nothing', { lagBytes: GiB }],
    ['lag_bytes', 'due', { lagBytes: GiB + 1 }],
    ['lag_bytes', 'nothing', { lagBytes: null }],
    ['lag_age', 'nothing', { oldestUnconfirmedMs: 15 * MINUTE }],
    ['lag_age', 'due', { oldestUnconfirmedMs: 15 * MINUTE + 1 }],
    ['lag_age', 'nothing', { oldestUnconfirmedMs: null }],
    ['slot_near_loss', 'nothing', {}],
    ['slot_near_loss', 'nothing', bounded(30 * GiB)],
    ['slot_near_loss', 'due', bounded(30 * GiB - 1)],
    ['slot_near_loss', 'due', bounded(-GiB)],
    // The server counts to the end of a segment: more can be safe than is kept.
    ['slot_near_loss', 'nothing', bounded(101 * GiB)],
    ['slot_near_loss', 'due', { walStatus: 'unreserved' }],
    ['slot_near_loss', 'due', { walStatus: 'lost' }],
    ['slot_near_loss', 'nothing', { walStatus: 'extended' }],
    ['slot_near_loss', 'due', { exists: false, walStatus: null }],
  ])('%s: %s where it is %j', (rule, verdict, changes) => {
    expect(opens(rule, facts({ slot: slot(changes) }))).toBe(verdict);
  });

  test.each<[RuleName, Verdict, Partial<SlotFacts>]>([
    ['lag_bytes', 'unsure', { lagBytes: 0.9 * GiB }],
    ['lag_bytes', 'clear', { lagBytes: 0.8 * GiB }],
    ['lag_age', 'unsure', { oldestUnconfirmedMs: 13 * MINUTE }],
    ['lag_age', 'clear', { oldestUnconfirmedMs: 12 * MINUTE }],
    ['lag_age', 'unsure', { oldestUnconfirmedMs: null }],
    ['slot_near_loss', 'unsure', bounded(40 * GiB)],
    ['slot_near_loss', 'clear', bounded(45 * GiB)],
    ['slot_near_loss', 'clear', {}],
  ])('an incident of %s: %s where it is %j', (rule, verdict, changes) => {
    expect(verdictOf(rule, facts({ slot: slot(changes) }), '')).toBe(verdict);
  });
});

describe('run_failed', () => {
  test('is noted from the first drain that failed, and told at the third in a row', () => {
    const [third, second, first] = [run(0, 'failed'), run(1, 'failed'), run(2, 'failed')];
    expect(judgedRuns([first], null).raised).toMatchObject([
      { due: false, since: new Date(first.startedAt) },
    ]);
    expect(judgedRuns([second, first], 2).raised).toMatchObject([{ due: false }]);
    expect(judgedRuns([third, second, first], 2).raised).toMatchObject([
      {
        due: true,
        since: new Date(first.startedAt),
        detail:
          'The last 3 drains failed: there is no replication slot named "shop" (slot_missing)',
      },
    ]);
  });

  test('does not count drains that failed before the one that began it', () => {
    const runs = [run(0, 'failed'), run(1_440, 'failed'), run(2_880, 'failed')];
    expect(judgedRuns(runs, null).raised).toMatchObject([{ due: false }]);
  });

  test.each(['caught_up', 'held', 'deadline'])('is over with one that ends as %s', (status) => {
    expect(judgedRuns([run(0, status), run(1, 'failed')], 1)).toMatchObject({
      raised: [],
      resolved: [{ rule: 'run_failed', detail: 'The last drain did not fail.' }],
    });
  });
});

const skippedBefore = (ms: number) => ({
  commitLsn: '0/1BB53F0',
  requestedBy: 'ann',
  requestedAt: NOW - ms,
  reason: 'sent by hand',
  error: 'division by zero',
});

describe('transaction_skipped', () => {
  test('is told at once of each transaction, and over a day later', () => {
    const subject = '0/1BB53F0';
    const detail = 'ann had it passed over (sent by hand): division by zero';
    const first = judge(facts({ skips: [skippedBefore(1_000)] }), RULES, []);
    const rule = 'transaction_skipped';
    expect(first.raised).toEqual([
      { rule, subject, since: new Date(NOW - 1_000), due: true, detail },
    ]);
    const later = judge(facts({ skips: [skippedBefore(24 * 60 * MINUTE)] }), RULES, [
      open(rule, subject, NOW - 24 * 60 * MINUTE),
    ]);
    expect(later).toEqual({ raised: [], resolved: [{ rule, subject, detail }] });
  });
});

describe('what holds for every rule', () => {
  const bad = facts({
    slot: slot({
      lagBytes: 2 * GiB,
      heldBytes: 20 * GiB,
      oldestUnconfirmedMs: 60 * MINUTE,
      walStatus: 'unreserved',
    }),
    endpoints: [
      endpoint({ ...held('unavailable: HTTP 503', 60 * MINUTE), name: 'down', deadLetters: 1 }),
      endpoint({ ...held('misconfigured: HTTP 401', 0), name: 'wrong' }),
      endpoint({ pause, name: 'paused', parkedEvents: 9, caps: { events: 10, bytes: GiB } }),
    ],
    runs: [0, 1, 2].map((ago) => ({
      runId: `r${ago}`,
      startedAt: NOW - ago,
      status: 'failed',
      error: { code: 'internal', message: 'x', remedy: 'y' },
    })),
    skips: [
      {
        commitLsn: '0/10',
        requestedBy: 'ann',
        requestedAt: NOW - 1,
        reason: 'sent by hand',
        error: 'division by zero',
      },
    ],
  });
  const subjects: Readonly<Partial<Record<RuleName, string>>> = {
    endpoint_down: 'down',
    dead_letters: 'down',
    endpoint_misconfigured: 'wrong',
    endpoint_paused: 'paused',
    parked_near_cap: 'paused',
    transaction_skipped: '0/10',
  };
  const all = RULE_NAMES.map((rule) => open(rule, subjects[rule] ?? ''));

  test('it can be raised', () => {
    expect(new Set(judge(bad, RULES, all).raised.map(({ rule }) => rule))).toEqual(
      new Set(RULE_NAMES),
    );
  });

  test.each(RULE_NAMES)('%s can be turned off, and then ends what is open', (rule) => {
    const { raised, resolved } = judge(bad, { ...RULES, off: [rule] }, all);
    expect(raised.map((each) => each.rule)).not.toContain(rule);
    expect(resolved).toEqual([
      { rule, subject: subjects[rule] ?? '', detail: expect.stringContaining('turned off') },
    ]);
  });

  test('it concludes nothing from what could not be read', () => {
    const unknown = facts({ slot: null, endpoints: null, runs: null, skips: null });
    expect(judge(unknown, RULES, all)).toEqual({ raised: [], resolved: [] });
  });

  test('an incident ends with its endpoint, where that is taken out of the configuration', () => {
    const incident = open('endpoint_down', 'removed');
    expect(judge(facts(), RULES, [incident]).resolved).toEqual([
      {
        rule: 'endpoint_down',
        subject: 'removed',
        detail: expect.stringContaining('not configured any more'),
      },
    ]);
  });
});
