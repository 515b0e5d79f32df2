import { assert as check, asyncProperty, boolean, integer, nat, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';
import { HEALTHY } from '../../src/delivery/circuit-breaker.ts';
import type { Outcome } from '../../src/delivery/sink.ts';
import { sendParcel } from './sent-parcel.ts';

const DELIVERED: Outcome = { kind: 'delivered', pauseMs: null };
const REJECTED: Outcome = {
  kind: 'rejected',
  reason: 'HTTP 422: no such thing',
  answer: { status: 422, body: 'no such thing' },
};
const TOO_LARGE: Outcome = {
  kind: 'too_large',
  reason: 'HTTP 413',
  answer: { status: 413, body: '' },
};
const UNAVAILABLE: Outcome = {
  kind: 'unavailable',
  reason: 'HTTP 503',
  retryAfterMs: null,
  answer: null,
};

const failing = (failedIds: readonly string[]): Outcome => ({
  kind: 'partial',
  failedIds,
  reason: `${failedIds.length} batchItemFailures`,
  answer: { status: 200, body: '' },
});

const upTo = (count: number, without: readonly number[] = []): number[] =>
  Array.from({ length: count }, (_, event) => event).filter((event) => !without.includes(event));

/** An event takes as many bytes as its number says. */
const bytes = (events: readonly number[]): number => events.reduce((sum, event) => sum + event, 0);

/** Refuses every request with one of these in it. */
const refusing =
  (poison: readonly number[]) =>
  (events: readonly number[]): Outcome =>
    events.some((event) => poison.includes(event)) ? REJECTED : DELIVERED;

test('one refused event of 500 costs 2·log2(500)+2 requests at the most, wherever it stands, and ends alone', async () => {
  for (let poison = 0; poison < 500; poison++) {
    const sent = await sendParcel(500, refusing([poison]));
    expect(sent.requests.length).toBeLessThanOrEqual(2 * Math.log2(500) + 2);
    expect([...sent.setAside.keys()]).toEqual([poison]);
    expect(sent.delivered).toEqual(upTo(500, [poison]));
    expect(sent).toMatchObject({ allSettled: true, heldBecause: null, waits: [] });
  }
});

test.each([
  ['of the sink alone says nothing of the endpoint', null, 'open'],
  ['of the endpoint shows that it is back', { status: 422, body: '' }, 'closed'],
] as const)('a refusal %s', async (_what, answer, breaker) => {
  const down = {
    breaker: 'open',
    consecutiveFailures: 5,
    downSince: 1,
    nextAttemptAt: 2,
    stuck: null,
    lastFailure: 'unavailable',
  } as const;
  const sent = await sendParcel(2, () => ({ ...REJECTED, answer }), undefined, down);
  expect([...sent.setAside.keys()]).toEqual([0, 1]);
  expect(sent.health).toEqual(breaker === 'open' ? down : HEALTHY);
});

test('any number of refused events end alone, and the others arrive once and in order', async () => {
  await check(
    asyncProperty(
      integer({ min: 1, max: 300 }),
      uniqueArray(nat({ max: 299 }), { maxLength: 12 }),
      async (count, wanted) => {
        const poison = wanted.filter((event) => event < count).sort((a, b) => a - b);
        const sent = await sendParcel(count, refusing(poison));
        expect([...sent.setAside.keys()]).toEqual(poison);
        expect(sent.delivered).toEqual(upTo(count, poison));
        const halvings = 2 * Math.ceil(Math.log2(count));
        expect(sent.requests.length).toBeLessThanOrEqual(Math.max(1, poison.length) * halvings + 2);
        expect(sent.allSettled).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('where all are refused, each is asked for once alone', async () => {
  const { requests, setAside, delivered } = await sendParcel(64, refusing(upTo(64)));
  expect([...setAside.keys()]).toEqual(upTo(64));
  expect(delivered).toEqual([]);
  expect(requests.filter(({ length }) => length === 1)).toEqual(upTo(64).map((event) => [event]));
  expect(requests).toHaveLength(2 * 64 - 1);
});

test('a dead letter tells why, and that it was tried once', async () => {
  const { setAside } = await sendParcel(3, refusing([1]));
  expect(setAside.get(1)).toEqual({
    reason: 'rejected',
    detail: 'HTTP 422: no such thing',
    answer: { status: 422, body: 'no such thing' },
    attempts: 1,
  });
});

test('what is too large is halved until it fits, and what is too large alone is set aside', async () => {
  const { requests, delivered, setAside } = await sendParcel(40, (events) =>
    bytes(events) > 35 ? TOO_LARGE : DELIVERED,
  );
  expect(delivered).toEqual(upTo(36));
  expect([...setAside.keys()]).toEqual([36, 37, 38, 39]);
  expect(setAside.get(36)).toMatchObject({ reason: 'too_large' });
  const accepted = requests.filter((events) => bytes(events) <= 35);
  expect(accepted.flat()).toEqual(upTo(36));
});

test('events that fail alone are tried again alone, and the others are settled at once', async () => {
  const { requests, delivered, setAside, waits } = await sendParcel(6, (events, nth, idOf) =>
    nth < 3 ? failing(events.filter((event) => event % 2 === 1).map(idOf)) : DELIVERED,
  );
  expect(requests).toEqual([
    [0, 1, 2, 3, 4, 5],
    [1, 3, 5],
    [1, 3, 5],
  ]);
  expect(delivered).toEqual([0, 2, 4, 1, 3, 5]);
  expect(setAside.size).toBe(0);
  expect(waits).toHaveLength(2);
});

test('an event that goes on failing alone is set aside after its attempts, the others are not', async () => {
  const { requests, delivered, setAside, allSettled } = await sendParcel(4, (events, _nth, idOf) =>
    events.includes(2) ? failing([idOf(2)]) : DELIVERED,
  );
  expect(requests).toEqual([[0, 1, 2, 3], [2], [2]]);
  expect(delivered).toEqual([0, 1, 3]);
  expect([...setAside]).toMatchObject([[2, { reason: 'batch_item_failure', attempts: 3 }]]);
  expect(allSettled).toBe(true);
});

/** Takes no event behind one of these, as whoever has to keep the order of all. */
const inOrder =
  (poison: readonly number[]) =>
  (events: readonly number[], _nth: number, idOf: (event: number) => string): Outcome => {
    const first = events.findIndex((event) => poison.includes(event));
    return first === -1 ? DELIVERED : failing(events.slice(first).map(idOf));
  };

test.each([[0], [4], [9]])(
  'where all behind the %ith wait for it, it alone is set aside, and they come with tries of their own',
  async (poison) => {
    const sent = await sendParcel(10, inOrder([poison]));
    expect([...sent.setAside]).toMatchObject([
      [poison, { reason: 'batch_item_failure', attempts: 3 }],
    ]);
    expect(sent.delivered).toEqual(upTo(10, [poison]));
    expect(sent).toMatchObject({ allSettled: true, heldBecause: null });
    expect(sent.requests.length).toBeLessThanOrEqual(4);
  },
);

test('any events that fail, in order or each for itself, end alone, at a request a try', async () => {
  await check(
    asyncProperty(
      integer({ min: 1, max: 60 }),
      uniqueArray(nat({ max: 59 }), { maxLength: 6 }),
      boolean(),
      async (count, wanted, keepsOrder) => {
        // Events that fail one right behind the other may be an outage.
        const poison = wanted.filter((event) => event % 2 === 0 && event < count - 1);
        const answer = keepsOrder
          ? inOrder(poison)
          : (...[events, , idOf]: Parameters<ReturnType<typeof inOrder>>): Outcome => {
              const failed = events.filter((event) => poison.includes(event));
              return failed.length === 0 ? DELIVERED : failing(failed.map(idOf));
            };
        const sent = await sendParcel(count, answer);
        expect([...sent.setAside.keys()]).toEqual(poison.sort((a, b) => a - b));
        expect([...sent.delivered].sort((a, b) => a - b)).toEqual(upTo(count, poison));
        expect(sent.requests.length).toBeLessThanOrEqual(3 * poison.length + 1);
        expect(sent.heldBecause).toBe(null);
      },
    ),
    { numRuns: 200 },
  );
});

test('where every event fails, nobody is set aside: that is an outage, and holds the endpoint', async () => {
  const { requests, setAside, heldBecause, allSettled } = await sendParcel(
    4,
    (events, _nth, idOf) => failing(events.map(idOf)),
  );
  expect(requests).toEqual([upTo(4), upTo(4), upTo(4), [1, 2, 3]]);
  expect([setAside.size, allSettled]).toEqual([0, false]);
  expect(heldBecause).toBe('unavailable: every event of a request failed (3 batchItemFailures)');
});

test('an outage that begins within a request sets nobody aside', async () => {
  const { setAside, delivered, heldBecause } = await sendParcel(6, (events, _nth, idOf) =>
    failing(events.filter((event) => event > 2).map(idOf)),
  );
  expect(delivered).toEqual([0, 1, 2]);
  expect(setAside.size).toBe(0);
  expect(heldBecause).toContain('every event of a request failed');
});

test('an event that is alone in its request and goes on failing is set aside', async () => {
  const { requests, setAside } = await sendParcel(1, (_events, _nth, idOf) => failing([idOf(0)]));
  expect(requests).toEqual([[0], [0], [0]]);
  expect([...setAside.keys()]).toEqual([0]);
});

test('an answer that names an event of another batch says of none that it failed or arrived', async () => {
  const { requests, delivered, setAside, heldBecause, allSettled } = await sendParcel(3, () =>
    failing(['0000000000000001-00000000']),
  );
  expect(requests).toEqual([upTo(3), upTo(3), upTo(3)]);
  expect([delivered, setAside.size, allSettled]).toEqual([[], 0, false]);
  expect(heldBecause).toContain(
    'batchItemFailures names "0000000000000001-00000000", which was not in the batch',
  );
});

test('an endpoint that goes down between halves keeps what it took, and is asked for the rest later', async () => {
  let isDown = false;
  const { delivered, setAside, allSettled, requests } = await sendParcel(8, (events) => {
    if (isDown) return UNAVAILABLE;
    isDown = events.length === 4 && events[0] === 0;
    return refusing([6])(events);
  });
  expect(delivered).toEqual([0, 1, 2, 3]);
  expect([setAside.size, allSettled]).toEqual([0, false]);
  expect(requests.slice(2)).toEqual([
    [4, 5],
    [4, 5],
    [4, 5],
  ]);
});
