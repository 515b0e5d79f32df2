import { Client } from 'pg';
import { expect, test } from 'vitest';
import { startPrivateServer } from '../support/private-server.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { waitUntil } from './wait-until.ts';

const ROWS = 400;

/** Rows of many transactions, drained in many small requests; nothing is saved before the end. */
async function filledPipeline(
  serverUrl?: string,
): Promise<{ pipeline: TestPipeline; receiver: Receiver }> {
  const receiver = await startReceiver();
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
      drain: { checkpointMs: 600_000, leaseMs: 1_000_000, maxWindowChanges: 100 },
    },
    'create table notes (id int primary key)',
    serverUrl,
  );
  await insertRows(pipeline, 1);
  return { pipeline, receiver };
}

async function insertRows({ database }: TestPipeline, from: number): Promise<void> {
  await database.query(`
    do $$ begin for n in ${from}..${from + ROWS - 1} loop
      insert into notes values (n);
      if n % 7 = 0 then commit; end if;
    end loop; end $$`);
}

function expectEachOnceInOrder(receiver: Receiver, rows = ROWS): void {
  const keys = receiver.events().map(({ key }) => (key as { id: number }).id);
  expect(keys).toEqual(Array.from({ length: rows }, (_, i) => i + 1));
}

const sessions = {
  'the session that reads': `backend_start = (select max(backend_start) from drainer)`,
  'the session with the lease': `backend_start = (select min(backend_start) from drainer)`,
  'every session': 'true',
};

test.for(Object.keys(sessions) as (keyof typeof sessions)[])(
  'a drain goes on where it was after the server ended %s',
  async (which) => {
    const { pipeline, receiver } = await filledPipeline();
    receiver.answerWith(async (_, nth) => {
      if (nth !== 12) return;
      await pipeline.database.query(`
        with drainer as (
          select * from pg_stat_activity
          where application_name like 'walhook%' and datname = current_database()
        ) select pg_terminate_backend(pid) from drainer where ${sessions[which]}`);
    });

    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
    expectEachOnceInOrder(receiver);
  },
);

test.for(['fast', 'immediate'] as const)(
  'a drain goes on where it was after a restart of the server (%s)',
  async (mode) => {
    const server = await startPrivateServer();
    const { pipeline, receiver } = await filledPipeline(server.url());
    receiver.answerWith(async (_, nth) => {
      if (nth === 12) await server.restart(mode);
    });

    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
    expectEachOnceInOrder(receiver);

    await insertRows(pipeline, ROWS + 1);
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: ROWS });
    expectEachOnceInOrder(receiver, 2 * ROWS);
  },
);

const ignore = () => undefined;

test('a slot that another session uses is waited for, without a word if that is short', async () => {
  const { pipeline, receiver } = await filledPipeline();
  const release = await occupySlot(pipeline);
  let tries = 0;
  const warnings: string[] = [];

  const report = await pipeline.drain({
    log: { debug: ignore, info: ignore, warn: (message) => void warnings.push(message) },
    async onStep(step) {
      if (step === 'lease-acquired' && ++tries === 2) await release();
    },
  });

  expect(tries).toBeGreaterThan(1);
  expect(warnings).toEqual([]);
  expect(report).toMatchObject({ status: 'caught_up', error: null });
  expectEachOnceInOrder(receiver);
});

test('a slot that is taken in the middle is moved once it is free, and nothing is repeated', async () => {
  const { pipeline, receiver } = await filledPipeline();
  let release: (() => Promise<void>) | undefined;

  const report = await pipeline.drain({
    async onStep(step) {
      if (step === 'before-advance') release ??= await occupySlot(pipeline);
      else if (step === 'lease-acquired') await release?.();
    },
  });

  expect(report).toMatchObject({ status: 'caught_up', error: null });
  expectEachOnceInOrder(receiver);
});

test('a slot that stays in use is not waited for beyond the deadline', async () => {
  const { pipeline, receiver } = await filledPipeline();
  const hurried = await pipeline.configured({ drain: { deadlineMs: 1_000 } });
  const release = await occupySlot(pipeline);

  const failed = await hurried.drain();
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'slot_in_use' } });

  await release();
  expect((await pipeline.drain()).status).toBe('caught_up');
  expectEachOnceInOrder(receiver);
});

test('a drain that fails has recorded what was confirmed', async () => {
  const { pipeline, receiver } = await filledPipeline();
  let windows = 0;
  const failed = await pipeline.drain({
    onStep(step) {
      if (step === 'window-read' && ++windows === 3) throw new Error('a fault of ours');
    },
  });
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'internal' } });
  expect(receiver.requests.length).toBeGreaterThan(0);

  expect((await pipeline.drain()).status).toBe('caught_up');
  expectEachOnceInOrder(receiver);
});

/** A session that holds the slot, as a subscriber of logical replication does; how to end it. */
async function occupySlot({ database, config }: TestPipeline): Promise<() => Promise<void>> {
  const options = { connectionString: database.url, replication: 'database' };
  const walsender = new Client(options);
  walsender.on('error', () => undefined);
  await walsender.connect();
  walsender
    .query(
      `START_REPLICATION SLOT ${config.slot} LOGICAL 0/0 (proto_version '1', publication_names 'walhook')`,
    )
    .catch(() => undefined);
  const active = `select active_pid from pg_replication_slots
    where slot_name = '${config.slot}' and active_pid is not null`;
  await waitUntil(database, active);
  return async () => {
    await database.query(`select pg_terminate_backend(active_pid, 5000) from (${active}) as slot`);
  };
}
