import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const sentOnce = (ids: readonly unknown[]): boolean => new Set(ids).size === ids.length;

test('a drain makes no more requests than it may, at all endpoints together, and the next goes on', async () => {
  const [first, second] = [await startReceiver(), await startReceiver()];
  const endpoint = { type: 'http', batch: { maxEvents: 10 }, concurrency: 4 } as const;
  const pipeline = await createPipeline(
    {
      endpoints: [
        { ...endpoint, name: 'first', url: first.url },
        { ...endpoint, name: 'second', url: second.url, ordering: 'strict' },
      ],
      drain: { maxRequests: 7 },
    },
    'create table t (id int primary key)',
  );
  // One transaction: no drain can move the slot past it before all of it is delivered.
  await pipeline.database.query('insert into t select n from generate_series(1, 200) n');

  let drains = 0;
  let made = 0;
  for (let status = ''; status !== 'caught_up'; drains += 1) {
    const report = await pipeline.drain();
    status = report.status;
    const requests = first.requests.length + second.requests.length - made;
    made += requests;
    expect(report).toMatchObject({
      status: expect.stringMatching(/deadline|caught_up/),
      error: null,
    });
    const fewest = status === 'caught_up' ? 1 : 7;
    expect([requests >= fewest, requests <= 7]).toEqual([true, true]);
  }

  expect(drains).toBeGreaterThan(5);
  for (const receiver of [first, second]) {
    const ids = receiver.events().map(({ id }) => id);
    expect([ids.length, sentOnce(ids)]).toEqual([200, true]);
  }
});

test('a drain that needs as many requests as it may make has caught up', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        { name: 'a', type: 'http', url: receiver.url, batch: { maxEvents: 5 }, ordering: 'strict' },
      ],
      drain: { maxRequests: 4 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 20) n');

  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 20 });
  expect(receiver.requests).toHaveLength(4);
});

test('further attempts are requests, too', async () => {
  const receiver = await startReceiver((_request, nth) => (nth % 2 === 1 ? 503 : 204));
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'a',
          type: 'http',
          url: receiver.url,
          batch: { maxEvents: 1 },
          ordering: 'strict',
          retry: { minDelayMs: 0, maxDelayMs: 0 },
        },
      ],
      drain: { maxRequests: 5 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 3) n');

  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'deadline', error: null });
  expect(report.endpoints[0]).toMatchObject({ delivered: 2, failed_attempts: 3, state: 'active' });
  expect(receiver.requests).toHaveLength(5);
});

test('where no request got anything delivered the drain failed, and one is kept to tell of it', async () => {
  const receiver = await startReceiver(() => 503);
  const told = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'a',
          type: 'http',
          url: receiver.url,
          retry: { attempts: 9, minDelayMs: 0, maxDelayMs: 0 },
          circuitBreaker: { failures: 9 },
        },
      ],
      drain: { maxRequests: 4 },
      alerts: [{ type: 'webhook', url: told.url }],
      alertRules: { failedRuns: 1 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');

  const { status, error } = await pipeline.drain();

  expect(status).toBe('failed');
  expect(error).toMatchObject({
    code: 'stuck',
    message: 'drain.maxRequests was reached before anything could be delivered',
  });
  expect([receiver.requests.length, told.requests.length]).toEqual([3, 1]);
  expect(told.requests[0]?.body.toString()).toContain('drain.maxRequests was reached');
});
