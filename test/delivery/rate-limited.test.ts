import { expect, test } from 'vitest';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type Handler, startReceiver } from '../support/receiver.ts';

async function limitedPipeline(handler: Handler, rateLimit?: { requests: number; perMs: number }) {
  const receiver = await startReceiver(handler);
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          batch: { maxEvents: 1 },
          ordering: 'none',
          concurrency: 8,
          ...(rateLimit === undefined ? {} : { rateLimit }),
        },
      ],
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 12) n');
  return { receiver, pipeline };
}

test('no more requests start in an interval than the endpoint takes', async () => {
  const limit = { requests: 3, perMs: 3_600_000 };
  const { receiver, pipeline } = await limitedPipeline(() => 204, limit);
  const report = await (await pipeline.configured({ drain: { deadlineMs: 1_500 } })).drain();
  expect(report).toMatchObject({ status: 'deadline', endpoints: [{ delivered: 3 }] });
  expect(receiver.requests).toHaveLength(3);
});

test('an endpoint that says that none is left gets nothing more before it takes some again', async () => {
  const clock = new FakeClock();
  const { receiver, pipeline } = await limitedPipeline((_request, nth) =>
    nth === 1
      ? { status: 204, headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '7' } }
      : 204,
  );
  const asleep = clock.untilAsleep((ms) => ms === 7_000);
  const draining = pipeline.drain({ platform: { ...nodePlatform, clock } });
  await asleep;
  // The others of the first eight were on their way when the first was answered.
  expect(receiver.requests.length).toBeLessThanOrEqual(8);
  clock.advance(7_000);
  expect((await draining).status).toBe('caught_up');
  expect(receiver.requests).toHaveLength(12);
});

test('a pause that is longer than a drain should wait holds the endpoint, and is kept by later drains', async () => {
  const clock = new FakeClock();
  const { receiver, pipeline } = await limitedPipeline(() => ({
    status: 204,
    headers: { ratelimit: '"day";r=0;t=3600' },
  }));
  const drain = () => pipeline.drain({ platform: { ...nodePlatform, clock } });
  const first = await drain();
  expect(first.status).toBe('held');
  const { length } = receiver.requests;
  expect(length).toBeLessThanOrEqual(8);
  expect(await drain()).toMatchObject({
    status: 'held',
    endpoints: [{ failed_attempts: 0, error: expect.stringContaining('as it asked') as string }],
  });
  expect(receiver.requests).toHaveLength(length);
  clock.advance(3_600_000);
  receiver.answerWith(() => 204);
  expect((await drain()).status).toBe('caught_up');
  expect(receiver.requests).toHaveLength(12);
});
