import { EventEmitter, once } from 'node:events';
import { afterAll, expect, test } from 'vitest';
import type { DrainStep } from '../../src/drain/ports.ts';
import { createPipeline, lsnOf, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { DrainerProcess } from './drainer-process.ts';
import { waitUntil } from './wait-until.ts';

const ROWS = 300;
const drainers: DrainerProcess[] = [];
afterAll(() => drainers.forEach((drainer) => drainer.signal('SIGKILL')));

function newDrainer(): DrainerProcess {
  const drainer = new DrainerProcess();
  drainers.push(drainer);
  return drainer;
}

async function filledPipeline(): Promise<{ pipeline: TestPipeline; receiver: Receiver }> {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          ordering: 'strict',
          batch: { maxEvents: 20 },
        },
      ],
      drain: { checkpointMs: 1, leaseMs: 1_000 },
    },
    'create table notes (id int primary key)',
  );
  await pipeline.database.query(`insert into notes select generate_series(1, ${ROWS})`);
  return { pipeline, receiver };
}

const idsOf = (receiver: Receiver): unknown[] => receiver.events().map(({ id }) => id);

test('of two drainers at once one drains and the other ends busy', async () => {
  const { pipeline, receiver } = await filledPipeline();
  const turnedAway = new EventEmitter();
  const answered = once(turnedAway, 'end');
  receiver.answerWith(() => answered.then(() => 204));

  const first = newDrainer().drain({ config: pipeline.config });
  await receiver.waitFor(({ requests }) => requests.length > 0);
  const second = await newDrainer().drain({ config: pipeline.config });
  turnedAway.emit('end');

  expect(second.report).toMatchObject({ status: 'busy', events: 0 });
  expect((await first).report).toMatchObject({ status: 'caught_up', events: ROWS });
  expect(new Set(idsOf(receiver)).size).toBe(ROWS);
  expect(idsOf(receiver)).toHaveLength(ROWS);
});

/** A drainer that stops in its tracks at a step, for so long that its lease runs out. */
async function pausedAt(pipeline: TestPipeline, step: DrainStep): Promise<DrainerProcess> {
  const drainer = newDrainer();
  void drainer.drain({ config: pipeline.config, at: { step, nth: 1, signal: 'SIGSTOP' } });
  await drainer.atStep();
  await waitUntil(
    pipeline.database,
    'select from walhook.pipelines where lease_expires_at < clock_timestamp()',
  );
  return drainer;
}

test.for<DrainStep>(['before-send', 'after-send', 'before-checkpoint', 'before-advance'])(
  'a drainer that wakes up at %s after another one took over records nothing',
  async (step) => {
    const { pipeline, receiver } = await filledPipeline();
    const paused = await pausedAt(pipeline, step);

    expect((await pipeline.drain()).status).toBe('caught_up');
    const slotAt = await pipeline.slotAt();
    const recorded = await pipeline.database.query('select * from walhook.endpoints');
    paused.signal('SIGCONT');
    const { report } = await paused.ended();

    expect(report).toMatchObject({ status: 'failed', error: { code: 'lease_lost' } });
    expect(await pipeline.slotAt()).toBe(slotAt);
    expect(await pipeline.database.query('select * from walhook.endpoints')).toEqual(recorded);
    expect(new Set(idsOf(receiver)).size).toBe(ROWS);
    await pipeline.database.query(`insert into notes values (0)`);
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 1 });
  },
);

test('a drainer that wakes up before its advance does not move the slot past what another announced', async () => {
  const { pipeline, receiver } = await filledPipeline();
  const paused = await pausedAt(pipeline, 'before-advance');
  const slotAt = await pipeline.slotAt();

  // It ends at once, with the slot where it was.
  await pipeline.drain({ signal: AbortSignal.abort() });
  paused.signal('SIGCONT');
  expect((await paused.ended()).report?.status).toBe('failed');

  expect(await pipeline.slotAt()).toBe(slotAt);
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 0 });
  expect(lsnOf(await pipeline.slotAt())).toBeGreaterThan(lsnOf(slotAt));
  expect(idsOf(receiver)).toHaveLength(ROWS);
});

test('a drainer that looked at the slot before another one moved it takes nothing back', async () => {
  const { pipeline } = await filledPipeline();
  const { database } = pipeline;
  await pipeline.drain();
  const other = await database.client();
  await other.query('begin; update walhook.pipelines set announced_lsn = pg_current_wal_lsn()');
  await moveSlotToTheEnd(pipeline);

  // It looks, sees nothing to drain, and waits for the lease.
  const waiting = pipeline.drain();
  await waitUntil(database, 'select from pg_locks where not granted');
  await database.query('insert into notes values (0)');
  await moveSlotToTheEnd(pipeline);
  await other.query(`
    update walhook.pipelines set announced_lsn = pg_current_wal_flush_lsn();
    commit`);

  expect((await waiting).status).toBe('caught_up');
  await database.query('insert into notes values (-1)');
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 1, error: null });
});

/** As another drainer does. A commit before it flushes what other sessions wrote. */
async function moveSlotToTheEnd({ database, config }: TestPipeline): Promise<void> {
  await database.query('create table if not exists scratch (n int)');
  await database.query('insert into scratch values (1)');
  await database.query('select pg_replication_slot_advance($1, pg_current_wal_flush_lsn())', [
    config.slot,
  ]);
}
