import { expect, test } from 'vitest';
import type { LogFields } from '../../src/observability/log.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const http = (name: string, { url }: Receiver) =>
  ({ name, type: 'http', url, retry: { attempts: 1, minDelayMs: 0 } }) as const;

const idsOf = (receiver: Receiver) =>
  receiver.events().map(({ after }) => (after as { id: number }).id);

/** An endpoint that goes and comes back, one that stays, and the pipeline with both and with one. */
async function goingAndStaying(onUnavailable: 'hold' | 'park' = 'park') {
  const [going, staying] = [await startReceiver(), await startReceiver()];
  const goes = { ...http('going', going), onUnavailable };
  const both = await createPipeline(
    { endpoints: [goes, http('staying', staying)] },
    'create table t (id int primary key); create table unpublished (id int)',
  );
  await both.database.query('drop publication walhook');
  await both.database.query('create publication walhook for table t');
  await both.database.query('update walhook.pipelines set publication_oid = null');
  const one = await both.configured({ endpoints: [http('staying', staying)] });
  const insert = (id: number) => both.database.query('insert into t values ($1)', [id]);
  return { going, staying, both, one, insert };
}

async function warningsOf(pipeline: TestPipeline): Promise<LogFields[]> {
  const warnings: LogFields[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message: string, fields: LogFields = {}) => void warnings.push({ message, ...fields }),
  };
  expect((await pipeline.drain({ log })).status).toBe('caught_up');
  return warnings;
}

const missedFrom = async ({ database }: TestPipeline) => {
  const rows = await database.query<{ at: string | null }>(
    `select missed_from_lsn::text as at from walhook.endpoints where endpoint = 'going'`,
  );
  return rows[0]!.at;
};

test('an endpoint that was away while changes were drained is told to have missed them, once', async () => {
  const { going, staying, both, one, insert } = await goingAndStaying();
  await insert(1);
  await both.drain();
  const left = await both.slotAt();
  await insert(2);
  await one.drain();
  await insert(3);
  await one.drain();
  const back = await both.slotAt();
  expect(await missedFrom(both)).toBe(left);
  await insert(4);

  expect(await warningsOf(both)).toEqual([
    expect.objectContaining({
      message: 'the endpoint was not configured while changes were drained: it does not get these',
      endpoint: 'going',
      missed_from_lsn: left,
      missed_to_lsn: back,
    }),
  ]);

  expect(idsOf(going)).toEqual([1, 4]);
  expect(idsOf(staying)).toEqual([1, 2, 3, 4]);
  await insert(5);
  expect(await warningsOf(both)).toEqual([]);
});

test('what passes while it is away and concerns nobody is not missed', async () => {
  const { both, one, insert } = await goingAndStaying();
  await insert(1);
  await both.drain();
  const left = await both.slotAt();
  await both.database.query('insert into unpublished select n from generate_series(1, 100) n');
  await one.drain();
  expect(await both.slotAt()).not.toBe(left);
  expect(await missedFrom(both)).toBeNull();
  expect(await warningsOf(both)).toEqual([]);
});

test('one that stays configured and gets nothing for long has missed nothing', async () => {
  const { both, insert } = await goingAndStaying();
  await insert(1);
  await both.drain();
  await both.database.query('insert into unpublished select n from generate_series(1, 100) n');
  expect(await warningsOf(both)).toEqual([]);
  await insert(2);
  expect(await warningsOf(both)).toEqual([]);
});

test('what it had settled ahead of the others it has not missed', async () => {
  const { going, staying, both, one, insert } = await goingAndStaying();
  const held = await both.configured({
    endpoints: [http('going', going), { ...http('staying', staying), onUnavailable: 'hold' }],
  });
  await insert(1);
  await both.drain();
  staying.answerWith(() => 503);
  await insert(2);
  expect((await held.drain()).status).toBe('held');
  staying.answerWith(() => 204);
  await both.forgetFailures();

  await one.drain();

  expect(await missedFrom(both)).toBeNull();
  expect(await warningsOf(both)).toEqual([]);
  expect(idsOf(going)).toEqual([1, 2]);
});

test('what the others had settled already, and it had not, is missed when it goes', async () => {
  const { going, staying, both, one, insert } = await goingAndStaying('hold');
  await insert(1);
  await both.drain();
  going.answerWith(() => 503);
  await insert(2);
  expect((await both.drain()).status).toBe('held');
  const left = await both.slotAt();

  expect((await one.drain()).status).toBe('caught_up');

  expect(idsOf(staying)).toEqual([1, 2]);
  expect(await missedFrom(both)).toBe(left);
});
