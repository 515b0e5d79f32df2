import { expect, test } from 'vitest';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Handler, type Receiver, startReceiver } from '../support/receiver.ts';

const ROWS = 500;

/** One batch, to an endpoint that answers so. */
async function drainTo(
  handler: Handler,
  rows = ROWS,
): Promise<{
  pipeline: TestPipeline;
  receiver: Receiver;
  letters: Record<string, unknown>[];
}> {
  const receiver = await startReceiver(handler);
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          batch: { maxEvents: rows },
          retry: { attempts: 3, minDelayMs: 0, maxDelayMs: 0 },
        },
      ],
    },
    'create table t (id int primary key, note text)',
  );
  await pipeline.database.query(
    `insert into t select id, repeat('x', 20) from generate_series(1, ${rows}) id`,
  );
  expect((await pipeline.drain()).status).toBe('caught_up');
  const letters = await pipeline.database.query(
    `select (body::json -> 'key' ->> 'id')::int as id, reason, attempts, answer_status, event_id
     from walhook.dead_letters order by event_id`,
  );
  return { pipeline, receiver, letters };
}

const failures = (ids: readonly unknown[]) => ({
  status: 200,
  body: JSON.stringify({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) }),
});

const idOf = ({ key }: Readonly<Record<string, unknown>>): number => (key as { id: number }).id;

/** Ids of the events that an endpoint took, in the order in which it did. */
function refusing(poison: readonly number[]): { taken: number[]; handler: Handler } {
  const taken: number[] = [];
  const handler: Handler = ({ events }) => {
    const ids = events.map(idOf);
    if (ids.some((id) => poison.includes(id))) return 422;
    taken.push(...ids);
    return 204;
  };
  return { taken, handler };
}

const without = (ids: readonly number[]): number[] =>
  Array.from({ length: ROWS }, (_, i) => i + 1).filter((id) => !ids.includes(id));

test.each([[1], [500], [250], [251], [333]])(
  'one poison event in a batch of 500, the %ith, ends alone in the dead letters',
  async (poison) => {
    const { taken, handler } = refusing([poison]);
    const { receiver, letters, pipeline } = await drainTo(handler);
    expect(receiver.requests.length).toBeLessThanOrEqual(2 * Math.log2(ROWS) + 2);
    expect(taken).toEqual(without([poison]));
    expect(letters).toMatchObject([
      { id: poison, reason: 'rejected', attempts: 1, answer_status: 422 },
    ]);
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 0 });
  },
);

test('two poison events end alone, and the other 498 arrive once, in order', async () => {
  const { taken, handler } = refusing([7, 400]);
  const { receiver, letters } = await drainTo(handler);
  expect(receiver.requests.length).toBeLessThanOrEqual(2 * (2 * Math.log2(ROWS)) + 2);
  expect(taken).toEqual(without([7, 400]));
  expect(letters).toMatchObject([{ id: 7 }, { id: 400 }]);
});

test('a body that is too large is halved until it fits', async () => {
  const taken: number[] = [];
  const { letters } = await drainTo(({ body, events }) => {
    if (body.length > 20_000) return 413;
    taken.push(...events.map(idOf));
    return 204;
  });
  expect(taken).toEqual(without([]));
  expect(letters).toEqual([]);
});

test('a size that was refused is not tried again in the same drain', async () => {
  let refused = 0;
  const { receiver, letters } = await drainTo(({ body }) => {
    if (body.length <= 20_000) return 204;
    refused += 1;
    return 413;
  }, 3_000);
  const sizes = receiver.requests.map(({ body }) => body.length).filter((size) => size > 20_000);
  // Each refused one was smaller than all before it.
  expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => b - a));
  expect([refused, letters]).toEqual([sizes.length, []]);
});

test('events that are named in batchItemFailures are tried again alone, and set aside in the end', async () => {
  const times = new Map<number, number>();
  const taken: number[] = [];
  const { receiver, letters } = await drainTo(({ events }) => {
    const failed = events.filter((event) => {
      const count = (times.get(idOf(event)) ?? 0) + 1;
      times.set(idOf(event), count);
      // 100 fails once, 200 always.
      return (idOf(event) === 100 && count === 1) || idOf(event) === 200;
    });
    taken.push(...events.filter((event) => !failed.includes(event)).map(idOf));
    return failures(failed.map(({ id }) => id));
  });
  expect(receiver.requests.map(({ events }) => events.map(idOf)).slice(1)).toEqual([
    [100, 200],
    [200],
  ]);
  expect(taken).toEqual([...without([100, 200]), 100]);
  expect(letters).toMatchObject([
    { id: 200, reason: 'batch_item_failure', attempts: 3, answer_status: 200 },
  ]);
});

test('as many failures as a batch has events are read, whatever there is beside them', async () => {
  const { receiver, letters } = await drainTo(({ events }, nth) => {
    if (nth > 1) return 204;
    const { body } = failures(events.slice(0, -1).map(({ id }) => id));
    return { status: 200, body: JSON.stringify({ log: 'x'.repeat(60_000), ...JSON.parse(body) }) };
  }, 700);
  expect(receiver.requests.map(({ events }) => events.length)).toEqual([700, 699]);
  expect(letters).toEqual([]);
});

const fullyFailed = ({ events }: { readonly events: readonly { readonly id?: unknown }[] }) =>
  JSON.stringify({
    log: 'x'.repeat(200_000),
    batchItemFailures: events.map(({ id }) => ({ itemIdentifier: id })),
  });

test.each(['application/json', 'application/vnd.shop+json', 'text/plain'])(
  'an answer in %s that is too long to tell who failed confirms nothing: all of it comes again',
  async (type) => {
    const { receiver, letters } = await drainTo((request, nth) =>
      nth === 1
        ? { status: 200, headers: { 'content-type': type }, body: fullyFailed(request) }
        : 204,
    );
    const [first, second] = receiver.requests;
    expect(second?.body).toEqual(first?.body);
    expect(receiver.requests).toHaveLength(2);
    expect(letters).toEqual([]);
  },
);

test('an answer whose JSON broke off confirms nothing, also where it names no failures yet', async () => {
  const { receiver } = await drainTo((_request, nth) =>
    nth > 1
      ? 204
      : (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
          response.write('{"log":"', () => response.destroy());
        },
  );
  const [first, second] = receiver.requests;
  expect(second?.body).toEqual(first?.body);
  expect(receiver.requests).toHaveLength(2);
});

test('an answer that is long, and no JSON, is a success', async () => {
  const { receiver } = await drainTo(() => ({ status: 200, body: '<p>'.repeat(100_000) }));
  expect(receiver.requests).toHaveLength(1);
});

test('a request of nothing but bad events ends in the dead letters, after some drains', async () => {
  const receiver = await startReceiver(({ events }) =>
    failures(events.filter((event) => idOf(event) < 4).map(({ id }) => id)),
  );
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          batch: { maxEvents: 3 },
          retry: { attempts: 2, minDelayMs: 0, maxDelayMs: 0 },
          circuitBreaker: { failures: 3, resetMs: 0 },
        },
      ],
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select generate_series(1, 5)');
  const statuses: string[] = [];
  do statuses.push((await pipeline.drain()).status);
  while (statuses.at(-1) === 'held' && statuses.length < 40);
  expect(statuses.length).toBeGreaterThan(10);
  expect(statuses.at(-1)).toBe('caught_up');
  const letters = await pipeline.database.query(
    'select reason from walhook.dead_letters order by event_id',
  );
  expect(letters).toEqual([1, 2, 3].map(() => ({ reason: 'batch_item_failure' })));
});

test.each([
  ['names an event of another batch', '{"batchItemFailures":[{"itemIdentifier":"no such"}]}'],
  ['names none', '{"batchItemFailures":[{"itemIdentifier":""}]}'],
  ['is no list', '{"batchItemFailures":"all"}'],
  ['breaks off', '{"batchItemFailures":[{"itemIdent'],
])(
  'an answer whose batchItemFailures %s confirms nothing: all of it comes again',
  async (_what, body) => {
    const { receiver, letters } = await drainTo((_request, nth) =>
      nth === 1 ? { status: 200, body } : 204,
    );
    const [first, second] = receiver.requests;
    expect(second?.body).toEqual(first?.body);
    expect(receiver.requests).toHaveLength(2);
    expect(letters).toEqual([]);
  },
);
