import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const SET_UP = 'create table t (id int primary key, note text)';

async function transactionalPipeline(batch: { maxEvents?: number; maxBytes?: number }) {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          batch: { transactional: true, ...batch },
          retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
          circuitBreaker: { resetMs: 0 },
        },
      ],
    },
    SET_UP,
  );
  const insert = (count: number, noteBytes = 1): Promise<unknown> =>
    pipeline.database.query(
      `insert into t select (select coalesce(max(id), 0) from t) + n, repeat('x', ${noteBytes})
       from generate_series(1, ${count}) n`,
    );
  return { receiver, pipeline, insert };
}

const xidsOf = ({ events }: { events: readonly Readonly<Record<string, unknown>>[] }) => [
  ...new Set(events.map(({ xid }) => xid)),
];
const idsIn = (requests: readonly { events: readonly Readonly<Record<string, unknown>>[] }[]) =>
  requests.flatMap(({ events }) => events.map(({ after }) => (after as { id: number }).id));
const partsOf = (requests: readonly { headers: Record<string, unknown> }[]) =>
  requests.map(({ headers }) => headers['walhook-transaction-part']);
const range = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('no transaction is spread over requests, and small ones share one', async () => {
  const { receiver, pipeline, insert } = await transactionalPipeline({ maxEvents: 10 });
  for (const count of [3, 4, 5, 1, 25, 2, 9]) await insert(count);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(receiver.requests.map(({ events }) => events.length)).toEqual([7, 6, 25, 2, 9]);
  const xids = receiver.requests.flatMap(xidsOf);
  expect(new Set(xids).size).toBe(xids.length);
  expect(idsIn(receiver.requests)).toEqual(range(49));
  expect(partsOf(receiver.requests)).toEqual(Array(5).fill(undefined));
});

test('a transaction that is larger than a body goes in numbered parts of its own', async () => {
  const { receiver, pipeline, insert } = await transactionalPipeline({ maxBytes: 20_000 });
  await insert(2);
  await insert(100, 1_000);
  await insert(3);
  expect((await pipeline.drain()).status).toBe('caught_up');
  const parts = partsOf(receiver.requests);
  const count = parts.length - 2;
  expect(count).toBeGreaterThan(5);
  expect(parts).toEqual([undefined, ...range(count).map((i) => `${i}/${count}`), undefined]);
  const xids = receiver.requests.slice(1, -1).map(({ headers }) => headers['walhook-transaction']);
  expect(new Set(xids).size).toBe(1);
  expect(xidsOf(receiver.requests[1]!)).toEqual([Number(xids[0])]);
  for (const { body } of receiver.requests) expect(body.length).toBeLessThanOrEqual(20_000);
  expect(idsIn(receiver.requests)).toEqual(range(105));
});

test('a drain that goes on in the middle of a transaction counts its parts on', async () => {
  const { receiver, pipeline, insert } = await transactionalPipeline({ maxBytes: 20_000 });
  await insert(2);
  await insert(100, 1_000);
  await insert(3);
  receiver.answerWith((_request, nth) => (nth === 4 ? 500 : 204));
  expect((await pipeline.drain()).status).toBe('held');
  const before = receiver.requests.length;
  expect((await pipeline.drain()).status).toBe('caught_up');

  const parts = partsOf(receiver.requests);
  expect(parts[before]).toBe(parts[before - 1]);
  const [failed, again] = [receiver.requests[before - 1]!, receiver.requests[before]!];
  expect(again.body).toEqual(failed.body);
  const [, count] = String(parts[1]).split('/');
  expect(parts.slice(before)).toEqual([
    ...range(Number(count))
      .slice(before - 2)
      .map((i) => `${i}/${count}`),
    undefined,
  ]);
  const confirmed = receiver.requests.filter((_request, index) => index !== before - 1);
  expect(idsIn(confirmed)).toEqual(range(105));
});

test('a part of which some events were refused is not sent again as a whole', async () => {
  const { receiver, pipeline, insert } = await transactionalPipeline({ maxEvents: 50 });
  await insert(8);
  receiver.answerWith(({ events }) => {
    const ids = idsIn([{ events }]);
    if (ids.includes(3)) return 422;
    return ids.includes(7) ? 503 : 204;
  });
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'held', endpoints: [{ dead_lettered: 1 }] });
  const before = receiver.requests.length;
  receiver.answerWith(() => 204);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(idsIn(receiver.requests.slice(before))).toEqual([5, 6, 7, 8]);
});

test('what is parked of a transaction in parts is sent as it was cut', async () => {
  const { receiver, pipeline, insert } = await transactionalPipeline({ maxBytes: 20_000 });
  const parking = await pipeline.configured({
    endpoints: [
      {
        name: 'hooks',
        type: 'http',
        url: receiver.url,
        batch: { transactional: true, maxBytes: 20_000 },
        retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
        circuitBreaker: { failures: 1, resetMs: 3_600_000 },
        parkAfterMs: 0,
      },
    ],
  });
  await insert(100, 1_000);
  receiver.answerWith((_request, nth) => (nth === 3 ? 500 : 204));
  expect(await parking.drain()).toMatchObject({
    status: 'held',
    endpoints: [{ state: 'parking' }],
  });
  expect(receiver.requests).toHaveLength(3);
  await pipeline.forgetFailures();
  expect((await parking.drain()).status).toBe('caught_up');
  const [, count] = String(partsOf(receiver.requests)[0]).split('/');
  const numbers = [1, 2, 3, ...range(Number(count)).slice(2)];
  expect(partsOf(receiver.requests)).toEqual(numbers.map((i) => `${i}/${count}`));
  const confirmed = receiver.requests.filter((_request, index) => index !== 2);
  expect(idsIn(confirmed)).toEqual(range(100));
});
