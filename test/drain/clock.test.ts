import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock/clock.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const YEAR = 365.25 * 86_400_000;

const wrong = [
  ['before 1970', -70 * YEAR],
  ['before Postgres knows of times', -8_000 * YEAR],
  ['in the year 10526', 8_500 * YEAR],
  ['after the last of a signed number of seconds', 80 * YEAR],
] as const;

async function pipelineTo(url: string) {
  const pipeline = await createPipeline(
    {
      endpoints: [
        { name: 'http', type: 'http', url, retry: { minDelayMs: 10, maxDelayMs: 2_000 } },
      ],
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 50) n');
  return pipeline;
}

/** A platform with a clock that is wrong, and a log that a test can look at. */
function clockwork(offsetMs: number) {
  const warned: unknown[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (...said: unknown[]) => void warned.push(said),
  };
  const clock = { ...systemClock, offsetMs, now: (): number => Date.now() + clock.offsetMs };
  return { clock, warned, options: { log, platform: { ...nodePlatform, clock } } };
}

test.each(wrong)('a clock %s hinders no drain', async (_when, offsetMs) => {
  const receiver = await startReceiver();
  const pipeline = await pipelineTo(receiver.url);
  const { options, warned } = clockwork(offsetMs);
  const report = await pipeline.drain(options);
  expect(report).toMatchObject({ status: 'caught_up', endpoints: [{ delivered: 50 }] });
  expect(warned).toEqual([]);
  const runs = await pipeline.database.query('select 1 from walhook.runs');
  expect(runs).toHaveLength(1);
});

test.each(wrong.slice(1, 3))(
  'an endpoint that failed under a clock %s is not kept waiting',
  async (_when, ms) => {
    const receiver = await startReceiver();
    const pipeline = await pipelineTo(receiver.url);
    receiver.answerWith(() => ({ status: 503, headers: { 'retry-after': '60' } }));
    const { clock, options } = clockwork(ms);
    expect((await pipeline.drain(options)).status).toBe('held');
    clock.offsetMs = 0;
    receiver.answerWith(() => ({ status: 204 }));
    expect((await pipeline.drain(options)).status).toBe('caught_up');
  },
);

test.each(wrong.slice(1, 3))(
  'a clock that is set to %s while a drain waits does not stop it',
  async (_when, ms) => {
    const receiver = await startReceiver();
    const pipeline = await pipelineTo(receiver.url);
    const { clock, options } = clockwork(0);
    receiver.answerWith(() => {
      const isFirst = clock.offsetMs === 0;
      clock.offsetMs = ms;
      return isFirst ? { status: 503, headers: { 'retry-after': '1' } } : { status: 204 };
    });
    const report = await pipeline.drain(options);
    // Set ahead, a deadline is over; nothing is lost then.
    if (report.status !== 'caught_up') await pipeline.drain(options);
    const rows = receiver.events().map((event) => (event as { after: { id: number } }).after.id);
    expect(new Set(rows).size).toBe(50);
  },
);
