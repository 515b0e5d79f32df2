import { expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const idsOf = (receiver: Receiver) =>
  receiver.events().map(({ after }) => (after as { id: number }).id);

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test('a deadline in the middle of a large transaction stops the drain, and the next goes on there', async () => {
  const rows = 50_000;
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          batch: { maxEvents: 1_000 },
        },
      ],
      drain: { deadlineMs: 10_000 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, $1::int) n', [
    rows,
  ]);
  const slotAt = await pipeline.slotAt();
  const clock = new FakeClock();
  // The time is up when the fifth request of a drain is answered.
  let due = 5;
  receiver.answerWith((_request, nth) => {
    if (nth === due) clock.advance(10_000);
    return 204;
  });

  const first = await pipeline.drain({ platform: { ...nodePlatform, clock } });

  expect(first).toMatchObject({ status: 'deadline', error: null });
  expect(receiver.requests).toHaveLength(5);
  expect(first.endpoints[0]).toMatchObject({ delivered: 5_000, state: 'active' });
  expect(first.endpoints[0]?.checkpoint).toBe(receiver.events().at(-1)?.['id']);
  const [commit] = receiver.events().map((event) => String(event['commit_lsn']));
  expect(first.to_lsn === slotAt || first.to_lsn === commit).toBe(true);

  due = 12;
  const second = await pipeline.drain({ platform: { ...nodePlatform, clock } });
  expect(second.status).toBe('deadline');
  expect(receiver.requests).toHaveLength(12);

  const third = await pipeline.drain();
  expect(third.status).toBe('caught_up');
  expect(idsOf(receiver)).toEqual(upTo(rows));
});

test('a deadline with requests in several lanes repeats nothing either', async () => {
  const receiver = await startReceiver();
  const clock = new FakeClock();
  const pipeline = await createPipeline(
    {
      endpoints: [
        { name: 'hooks', type: 'http', url: receiver.url, batch: { maxEvents: 7 }, concurrency: 4 },
      ],
      drain: { deadlineMs: 10_000 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 500) n');
  receiver.answerWith((_request, nth) => {
    if (nth % 15 === 0) clock.advance(10_000);
    return 204;
  });

  const statuses: string[] = [];
  do statuses.push((await pipeline.drain({ platform: { ...nodePlatform, clock } })).status);
  while (statuses.at(-1) === 'deadline');

  expect(statuses.length).toBeGreaterThan(2);
  expect(statuses.at(-1)).toBe('caught_up');
  expect(idsOf(receiver).sort((a, b) => a - b)).toEqual(upTo(500));
});

test('a drain stops after exactly as many changes as it is told to', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [{ name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' }],
      drain: { maxChanges: 30 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 75) n');

  const reports = [await pipeline.drain(), await pipeline.drain(), await pipeline.drain()];

  expect(reports.map(({ status, events }) => [status, events])).toEqual([
    ['deadline', 30],
    ['deadline', 30],
    ['caught_up', 15],
  ]);
  expect(idsOf(receiver)).toEqual(upTo(75));
});

test('a signal stops a drain cleanly: what is under way ends, and is recorded', async () => {
  const stop = new AbortController();
  const receiver = await startReceiver((_request, nth) => {
    if (nth === 3) stop.abort();
    return 204;
  });
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          batch: { maxEvents: 10 },
        },
      ],
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 100) n');

  const stopped = await pipeline.drain({ signal: stop.signal });
  expect(stopped).toMatchObject({ status: 'deadline', error: null });
  expect(receiver.requests).toHaveLength(3);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(idsOf(receiver)).toEqual(upTo(100));
});

test('a request that is still unanswered when the margin ends is given up, and repeated later', async () => {
  const receiver = await startReceiver(() => 'hang');
  const pipeline = await createPipeline(
    {
      endpoints: [{ name: 'hooks', type: 'http', url: receiver.url, timeoutMs: 600_000 }],
      drain: { deadlineMs: 10_000 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  const drainUntilDeadline = async (): Promise<DrainReport> => {
    const clock = new FakeClock();
    const asked = receiver.requests.length + 1;
    const draining = pipeline.drain({ platform: { ...nodePlatform, clock } });
    await receiver.waitFor(({ requests }) => requests.length === asked);
    const margin = clock.untilAsleep((ms) => ms === 2_000);
    clock.advance(8_000);
    await margin;
    clock.advance(2_000);
    return draining;
  };

  // Not even where the slot moved over what concerns nobody: there was an event, and it is not delivered.
  for (let i = 0; i < 2; i++) {
    expect(await drainUntilDeadline()).toMatchObject({
      status: 'failed',
      error: { code: 'stuck' },
      endpoints: [{ delivered: 0, checkpoint: null }],
    });
  }
  receiver.answerWith(() => 204);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(new Set(receiver.events().map(({ id }) => id)).size).toBe(1);
  expect(receiver.requests).toHaveLength(3);
});
