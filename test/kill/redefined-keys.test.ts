import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import type { DrainStep } from '../../src/drain/ports.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type ReceivedEvent, startReceiver } from '../support/receiver.ts';
import { DrainerSupply } from './drainer-process.ts';
import { unlessBusy } from './planned-drainers.ts';
import { Random } from './random.ts';

const ROWS = 8;
const TABLE =
  'create table t (id numeric(9, 2) primary key, email text not null unique, n int not null default 0)';

/** What identifies a row, or what the table and its columns are called, from one to the next. */
const REDEFINITIONS = [
  'alter table t replica identity default',
  'alter table t replica identity full',
  'alter table t replica identity using index t_email_key',
  'alter table t drop constraint t_pkey; alter table t add primary key (email)',
  'alter table t drop constraint t_pkey; alter table t add primary key (id, email)',
  'alter table t drop constraint t_pkey; alter table t add primary key (id)',
  'alter table t alter id type numeric(9, 3)',
  'alter table t alter id type numeric(9, 1)',
  'alter table t add extra int; alter table t drop extra',
  `create temp table kept as select * from t; drop table t; ${TABLE};
   insert into t select * from kept; drop table kept`,
];
const STEPS: readonly DrainStep[] = [
  'window-read',
  'before-send',
  'after-send',
  'before-park',
  'after-park',
  'before-checkpoint',
  'after-checkpoint',
];

const supply = new DrainerSupply();
afterAll(() => supply.close());

type Outcome = {
  readonly copied: ReadonlyMap<number, unknown>;
  readonly rows: [number, unknown][];
};

/** Rows are changed and redefined, and drained by processes that die, to a receiver that may be down. */
async function run(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const copied = new Map<number, unknown>();
  const pending = new Set<Promise<number>>();
  let isDown = false;
  const answer = async (events: readonly ReceivedEvent[]): Promise<number> => {
    if (isDown) return 503;
    for (let turns = random.below(60); turns > 0; turns--) await nextTurn();
    for (const { after } of events) {
      const { email, n } = after as { email: string; n: number };
      copied.set(Number(email.slice(1)), n);
    }
    return 204;
  };
  const receiver = await startReceiver(({ events }) => {
    const answered = answer(events);
    pending.add(answered);
    return answered.finally(() => pending.delete(answered));
  });
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          concurrency: 4,
          batch: { maxEvents: 1 + random.below(3) },
          retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
          circuitBreaker: { failures: 1, resetMs: 0 },
          parkAfterMs: 0,
        },
      ],
    },
    TABLE,
  );
  const { database } = pipeline;
  await database.query(`insert into t select i, 'x' || i from generate_series(1, ${ROWS}) i`);
  for (let round = 0; round < 8; round++) {
    for (let nth = random.below(5); nth >= 0; nth--) {
      await database.query(`update t set n = n + 1 where n % 3 <> ${random.below(4)}`);
      await database.query(random.pick(REDEFINITIONS));
      await database.query('update t set n = n + 1');
    }
    isDown = random.chance(50);
    const step = random.chance(50) ? random.pick(STEPS) : null;
    await drainOnce(pipeline, step, 1 + random.below(12));
    // What a receiver still works on when its sender dies is no order of the sender's.
    await Promise.all(pending);
  }
  isDown = false;
  for (let nth = 0; ; nth++) {
    const report = await unlessBusy(database, () => pipeline.drain());
    if (report?.status === 'caught_up') break;
    if (nth === 5) throw new Error(JSON.stringify(report));
  }
  const rows = await database.query<{ email: string; n: number }>('select email, n from t');
  return { copied, rows: rows.map(({ email, n }) => [Number(email.slice(1)), n]) };
}

async function drainOnce(
  pipeline: TestPipeline,
  step: DrainStep | null,
  nth: number,
): Promise<void> {
  await unlessBusy(pipeline.database, async () => {
    if (step === null) return pipeline.drain();
    const at = { step, nth, signal: 'SIGKILL' } as const;
    return (await supply.take().drain({ config: pipeline.config, at })).report;
  });
}

test.each([4, 5])(
  'redefined at random, drained to a receiver that is down at times, killed: a copy by a column is the table (seed %i)',
  async (seed) => {
    const { copied, rows } = await run(seed);
    expect(copied).toEqual(new Map(rows));
  },
);
