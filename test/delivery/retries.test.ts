import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const receiver = await startReceiver();
const pipeline = await createPipeline(
  {
    endpoints: [
      {
        name: 'hooks',
        type: 'http',
        url: receiver.url,
        retry: { attempts: 3, minDelayMs: 200, maxDelayMs: 60_000 },
      },
    ],
  },
  'create table t (id int primary key generated always as identity)',
);

beforeEach(() => pipeline.forgetFailures());

/** Not the wait between two checkpoints. */
const isRetry = (ms: number): boolean => ms !== pipeline.config.drain.checkpointMs;

/** Drains one new row while time stands still, but for the waits that `waits` ends. */
async function drainOneRow(waits: number, clock = new FakeClock()) {
  await pipeline.database.query('insert into t default values');
  const from = receiver.requests.length;
  const delays: number[] = [];
  const asleep = (): Promise<void> => clock.untilAsleep(isRetry);
  let sleeping = asleep();
  const draining = pipeline.drain({ platform: { ...nodePlatform, clock } });
  for (let i = 0; i < waits; i++) {
    await sleeping;
    const delay = clock.sleeps.findLast(isRetry)!;
    delays.push(delay);
    sleeping = asleep();
    clock.advance(delay);
  }
  const report = await draining;
  return { report, delays, requests: receiver.requests.slice(from) };
}

test('an endpoint that is unavailable for a moment gets the same request again', async () => {
  receiver.answerWith((_request, nth) => (nth < 3 ? 503 : 204));
  const { report, delays, requests } = await drainOneRow(2);
  expect(report).toMatchObject({
    status: 'caught_up',
    endpoints: [{ delivered: 1, failed_attempts: 2, state: 'active' }],
  });
  expect(requests).toHaveLength(3);
  const [first] = requests;
  for (const { body, headers } of requests) {
    expect(body).toEqual(first?.body);
    expect(headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(headers['idempotency-key']).toBe(first?.headers['webhook-id']);
  }
  // Full jitter: anything from 0 up to the doubled minimum.
  expect(delays[0]).toBeLessThanOrEqual(200);
  expect(delays[1]).toBeLessThanOrEqual(400);
});

test('each attempt is signed at its own time', async () => {
  const answers = [{ status: 503, headers: { 'retry-after': '7' } }, 204];
  receiver.answerWith(() => answers.shift());
  const clock = new FakeClock();
  const startedAt = clock.now() / 1000;
  const { requests } = await drainOneRow(1, clock);
  expect(requests.map(({ headers }) => Number(headers['webhook-timestamp']) - startedAt)).toEqual([
    0, 7,
  ]);
  expect(new Set(requests.map(({ headers }) => headers['traceparent'])).size).toBe(2);
});

test.each([
  ['seconds', () => '30', 30_000],
  ['a date', () => 'Sat, 31 Jan 2026 12:00:45 GMT', 45_000],
])('a Retry-After in %s is waited for', async (_form, retryAfter, expected) => {
  const answers = [{ status: 429, headers: { 'retry-after': retryAfter() } }, 204];
  receiver.answerWith(() => answers.shift());
  const { report, delays, requests } = await drainOneRow(1);
  expect(report.status).toBe('caught_up');
  expect(delays).toEqual([expected]);
  expect(requests).toHaveLength(2);
});

test.each([
  ['0', '0'],
  ['a date in the past', 'Thu, 01 Jan 2026 00:00:00 GMT'],
])('a Retry-After of %s is no reason to try again at once', async (_form, retryAfter) => {
  vi.spyOn(Math, 'random').mockReturnValue(1);
  onTestFinished(() => void vi.restoreAllMocks());
  let asked = 0;
  receiver.answerWith(() => {
    asked += 1;
    return asked === 3 ? 204 : { status: 429, headers: { 'retry-after': retryAfter } };
  });
  const { report, delays } = await drainOneRow(2);
  expect([report.status, delays]).toEqual(['caught_up', [200, 400]]);
});

test('a Retry-After that is longer than a drain should wait holds the endpoint at once', async () => {
  receiver.answerWith(() => ({ status: 503, headers: { 'retry-after': '3600' } }));
  const { report, requests } = await drainOneRow(0);
  expect(report).toMatchObject({
    status: 'held',
    endpoints: [
      {
        state: 'held',
        failed_attempts: 1,
        error: 'unavailable: HTTP 503; asked to wait 3600 s',
      },
    ],
  });
  expect(requests).toHaveLength(1);
  receiver.answerWith(() => 204);
  await pipeline.forgetFailures();
  expect((await pipeline.drain()).status).toBe('caught_up');
});

const triedOnce = (name: string, url: string) =>
  ({ name, type: 'http', url, retry: { attempts: 1 } }) as const;

test.each([
  [503, 'retry-after', '9999999999999'],
  [503, 'retry-after', 'Fri, 31 Dec 9999 23:59:59 GMT'],
  [503, 'retry-after', '9'.repeat(400)],
  [204, 'ratelimit', 'limit=1, remaining=0, reset=999999999999999'],
])('what %i asks for by %s: %s harms no other endpoint', async (status, name, value) => {
  const absurd = await startReceiver(() => ({ status, headers: { [name]: value } }));
  const good = await startReceiver();
  const both = await createPipeline(
    { endpoints: [triedOnce('absurd', absurd.url), triedOnce('good', good.url)] },
    'create table t (id int primary key)',
  );
  await both.database.query('insert into t select n from generate_series(1, 5) n');
  for (const _ of [1, 2]) expect((await both.drain()).error).toBeNull();
  expect(good.events()).toHaveLength(5);
  expect(
    await both.database.query(
      `select endpoint from walhook.endpoints where next_attempt_at > now() + interval '1 day'`,
    ),
  ).toEqual([]);
});

test.each([302, 401, 403, 404, 405])('so does one of an answer %i', async (status) => {
  receiver.answerWith(() => ({ status, headers: { 'retry-after': '3600' } }));
  const { report, requests } = await drainOneRow(0);
  expect(requests).toHaveLength(1);
  expect(report.endpoints[0]).toMatchObject({
    state: 'held',
    error: expect.stringMatching(/^misconfigured: HTTP \d+.*; asked to wait 3600 s$/),
  });
  receiver.answerWith(() => 204);
  await pipeline.forgetFailures();
  expect((await pipeline.drain()).status).toBe('caught_up');
});

test('an endpoint whose attempts are used up below the breaker is waited for by the next drains', async () => {
  receiver.answerWith(() => 503);
  const clock = new FakeClock();
  await drainOneRow(2, clock);
  const [row] = await pipeline.database.query<{ breaker: string; next_ms: number | null }>(
    `select breaker, (extract(epoch from next_attempt_at) * 1000)::float8 as next_ms
     from walhook.endpoints`,
  );
  expect(row!.breaker).toBe('closed');
  expect(row!.next_ms).toBeGreaterThanOrEqual(clock.now());
  expect(row!.next_ms).toBeLessThanOrEqual(clock.now() + 800);
  receiver.answerWith(() => 204);
  await pipeline.forgetFailures();
  expect((await pipeline.drain()).status).toBe('caught_up');
});

test('an endpoint that stays unavailable is held after its attempts', async () => {
  receiver.answerWith(() => ({ status: 502, body: '<h1>\n bad   gateway</h1>' }));
  const { report, requests } = await drainOneRow(2);
  expect(requests).toHaveLength(3);
  expect(report.endpoints[0]).toMatchObject({
    state: 'held',
    failed_attempts: 3,
    error: 'unavailable: HTTP 502: <h1> bad gateway</h1>; after 3 attempts',
  });
  receiver.answerWith(() => 204);
  await pipeline.forgetFailures();
  expect((await pipeline.drain()).status).toBe('caught_up');
});

test.each([
  [410, 'gone: HTTP 410', 1],
  [301, 'misconfigured: HTTP 301 (redirects are not followed)', 3],
  [401, 'misconfigured: HTTP 401', 3],
  [404, 'misconfigured: HTTP 404', 3],
  [408, 'unavailable: HTTP 408', 3],
  [429, 'unavailable: HTTP 429', 3],
  [500, 'unavailable: HTTP 500', 3],
])('the answer %i is %s, tried %i times', async (status, error, attempts) => {
  receiver.answerWith(() => ({ status, headers: { location: `${receiver.url}elsewhere` } }));
  const { report, requests } = await drainOneRow(attempts - 1);
  expect(report.status).toBe('held');
  const ending = attempts === 1 ? '; paused' : `; after ${attempts} attempts`;
  expect(report.endpoints[0]).toMatchObject({
    error: error + ending,
    delivered: 0,
    failed_attempts: attempts,
  });
  expect(requests.map(({ path }) => path)).toEqual(Array(attempts).fill('/'));
  receiver.answerWith(() => 204);
  await pipeline.forgetFailures();
  expect((await pipeline.drain()).endpoints[0]).toMatchObject({ delivered: 1 });
});

test.each([400, 409, 413, 415, 422])(
  'an event that is refused with %i becomes a dead letter after one try',
  async (status) => {
    receiver.answerWith(() => ({ status, body: 'no such thing' }));
    const { report, requests } = await drainOneRow(0);
    expect(report).toMatchObject({
      status: 'caught_up',
      endpoints: [{ state: 'active', delivered: 0, dead_lettered: 1, failed_attempts: 1 }],
    });
    expect(requests).toHaveLength(1);
    const letters = await pipeline.database.query(
      'delete from walhook.dead_letters returning attempts, answer_status, answer_body, body',
    );
    const { events } = JSON.parse(requests[0]!.body.toString()) as { events: unknown[] };
    expect(letters).toEqual([
      {
        attempts: 1,
        answer_status: status,
        answer_body: 'no such thing',
        body: JSON.stringify(events[0]),
      },
    ]);
  },
);
