import { afterAll, expect, test } from 'vitest';
import type { DrainStep } from '../../src/drain/ports.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Handler, type Receiver, startReceiver } from '../support/receiver.ts';
import { DrainerProcess } from './drainer-process.ts';

const ROWS = 60;
const drainers: DrainerProcess[] = [];
afterAll(() => drainers.forEach((drainer) => drainer.signal('SIGKILL')));

/** An endpoint that is tried once a drain and parked for as soon as it fails. */
async function pipelineWith(handler: Handler): Promise<{
  pipeline: TestPipeline;
  receiver: Receiver;
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
          batch: { maxEvents: 10 },
          retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
          circuitBreaker: { failures: 1, resetMs: 0 },
          parkAfterMs: 0,
        },
      ],
      // No checkpoint before the end, unless a test is about one.
      drain: { checkpointMs: 600_000, leaseMs: 1_000_000 },
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query(`insert into t select generate_series(1, ${ROWS})`);
  return { pipeline, receiver };
}

async function killedAt(pipeline: TestPipeline, step: DrainStep, nth = 1): Promise<void> {
  const drainer = new DrainerProcess();
  drainers.push(drainer);
  const at = { step, nth, signal: 'SIGKILL' } as const;
  expect(await drainer.drain({ config: pipeline.config, at })).toMatchObject({ killed: true });
}

/** Once the server has seen that the killed one's session is gone. */
async function drained(pipeline: TestPipeline): Promise<string> {
  for (;;) {
    const { status } = await pipeline.drain();
    if (status !== 'busy') return status;
  }
}

const refuseOne: Handler = ({ events }) =>
  events.some(({ key }) => (key as { id: number }).id === 17) ? 422 : 204;

const keysOf = (receiver: Receiver, from: number): number[] =>
  receiver.requests
    .slice(from)
    .flatMap(({ events }) => events.map(({ key }) => (key as { id: number }).id));

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

async function parkedEvents({ database }: TestPipeline): Promise<number> {
  const [row] = await database.query<{ events: string | null }>(
    'select sum(event_count) as events from walhook.parked_batches',
  );
  return Number(row!.events);
}

test.each<[DrainStep, number]>([
  ['before-park', 0],
  ['after-park', ROWS],
])('killed %s, a drainer leaves %i events parked, and each comes once', async (step, parked) => {
  const { pipeline, receiver } = await pipelineWith(() => 503);
  await killedAt(pipeline, step);
  expect(await parkedEvents(pipeline)).toBe(parked);

  expect(await drained(pipeline)).toBe('held');
  expect(await parkedEvents(pipeline)).toBe(ROWS);

  const from = receiver.requests.length;
  receiver.answerWith(() => 204);
  expect(await drained(pipeline)).toBe('caught_up');
  expect(keysOf(receiver, from)).toEqual(upTo(ROWS));
  expect(await parkedEvents(pipeline)).toBe(0);
});

test.each<[DrainStep, number]>([
  ['before-checkpoint', 1],
  ['after-checkpoint', ROWS + 1],
])('killed %s of what it sent of parked events, the next one begins at %i', async (step, first) => {
  const { pipeline, receiver } = await pipelineWith(() => 503);
  expect(await drained(pipeline)).toBe('held');
  receiver.answerWith(() => 204);
  const from = receiver.requests.length;
  await killedAt(pipeline, step);
  expect(keysOf(receiver, from)).toEqual(upTo(ROWS));

  const then = receiver.requests.length;
  await pipeline.database.query(`insert into t values (${ROWS + 1})`);
  expect(await drained(pipeline)).toBe('caught_up');
  expect(keysOf(receiver, then)).toEqual(upTo(ROWS + 1).slice(first - 1));
  expect(await parkedEvents(pipeline)).toBe(0);
});

test('killed after it set an event aside, a drainer leaves one dead letter, which is not sent again', async () => {
  const { pipeline, receiver } = await pipelineWith(refuseOne);
  await killedAt(pipeline, 'after-set-aside');
  const from = receiver.requests.length;

  expect(await drained(pipeline)).toBe('caught_up');

  expect(keysOf(receiver, from)).not.toContain(17);
  expect(
    await pipeline.database.query('select operation, reason from walhook.dead_letters'),
  ).toEqual([{ operation: 'insert', reason: 'rejected' }]);
});

test('killed before it set an event aside, a drainer leaves it to the next', async () => {
  const { pipeline } = await pipelineWith(refuseOne);
  await killedAt(pipeline, 'before-set-aside');
  expect(await drained(pipeline)).toBe('caught_up');
  expect(await pipeline.database.query('select event_id from walhook.dead_letters')).toHaveLength(
    1,
  );
});

test('killed after it set an event of a parked request aside, a drainer leaves it out of what is sent again', async () => {
  const { pipeline, receiver } = await pipelineWith(() => 503);
  expect(await drained(pipeline)).toBe('held');
  receiver.answerWith(refuseOne);
  await killedAt(pipeline, 'after-set-aside');
  const from = receiver.requests.length;
  receiver.answerWith(() => 204);

  expect(await drained(pipeline)).toBe('caught_up');

  expect(keysOf(receiver, from)).not.toContain(17);
  expect(await pipeline.database.query('select event_id from walhook.dead_letters')).toHaveLength(
    1,
  );
});
