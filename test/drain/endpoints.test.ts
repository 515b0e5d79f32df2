import { expect, test } from 'vitest';
import { createPipeline, lsnOf } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const http = (name: string, receiver: Receiver) =>
  ({
    name,
    type: 'http',
    url: receiver.url,
    ordering: 'strict',
    batch: { maxEvents: 10 },
    retry: { attempts: 1, minDelayMs: 0 },
  }) as const;

const idsOf = (receiver: Receiver, from = 0) =>
  receiver.requests
    .slice(from)
    .flatMap(({ events }) => events)
    .map(({ after }) => (after as { id: number }).id);

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('an endpoint that fails is held where it stands, and the other gets everything', async () => {
  const [good, bad] = [await startReceiver(), await startReceiver()];
  bad.answerWith((_request, nth) => (nth === 3 ? { status: 500, body: 'out of order' } : 204));
  const pipeline = await createPipeline(
    { endpoints: [http('good', good), http('bad', bad)] },
    'create table t (id int primary key)',
  );
  const { database } = pipeline;
  await database.query('insert into t select n from generate_series(1, 50) n');

  const held = await pipeline.drain();

  expect(held).toMatchObject({
    status: 'held',
    error: null,
    endpoints: [
      { name: 'good', delivered: 50, failed_attempts: 0, state: 'active', error: null },
      {
        name: 'bad',
        delivered: 20,
        failed_attempts: 1,
        state: 'held',
        error: 'unavailable: HTTP 500: out of order; after 1 attempt',
      },
    ],
  });
  expect(
    await database.query(
      'select endpoint, state, reason, delivered::int from walhook.endpoints order by endpoint',
    ),
  ).toEqual([
    {
      endpoint: 'bad',
      state: 'held',
      reason: 'unavailable: HTTP 500: out of order; after 1 attempt',
      delivered: 20,
    },
    { endpoint: 'good', state: 'active', reason: null, delivered: 50 },
  ]);
  const [commit] = good.events().map((event) => lsnOf(String(event['commit_lsn'])));
  expect(lsnOf(await pipeline.slotAt())).toBeLessThanOrEqual(commit!);

  await database.query('insert into t select n from generate_series(51, 60) n');
  bad.answerWith(() => 204);
  await pipeline.forgetFailures();
  const recovered = await pipeline.drain();

  expect(recovered.status).toBe('caught_up');
  expect(recovered.endpoints.map(({ delivered, state }) => [delivered, state])).toEqual([
    [10, 'active'],
    [40, 'active'],
  ]);
  expect(idsOf(good)).toEqual(range(1, 60));
  expect([...idsOf(bad).slice(0, 20), ...idsOf(bad, 3)]).toEqual(range(1, 60));
  expect(await database.query('select distinct state, reason from walhook.endpoints')).toEqual([
    { state: 'active', reason: null },
  ]);
});

test('an endpoint that is added later starts where the slot stands', async () => {
  const [old, added] = [await startReceiver(), await startReceiver()];
  const pipeline = await createPipeline(
    { endpoints: [http('old', old)] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  await pipeline.drain();
  await pipeline.database.query('insert into t values (2)');

  const both = await pipeline.configured({ endpoints: [http('old', old), http('added', added)] });
  expect((await both.drain()).status).toBe('caught_up');

  expect(idsOf(old)).toEqual([1, 2]);
  expect(idsOf(added)).toEqual([2]);
});

test('an endpoint that is taken out of the configuration no longer keeps the slot', async () => {
  const [good, bad] = [await startReceiver(), await startReceiver(() => 500)];
  const pipeline = await createPipeline(
    { endpoints: [http('good', good), http('bad', bad)] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  expect((await pipeline.drain()).status).toBe('held');
  const one = await pipeline.configured({ endpoints: [http('good', good)] });
  const report = await one.drain();
  expect(report.status).toBe('caught_up');
  expect(report.to_lsn).toBe(report.target_lsn);
  expect(idsOf(good)).toEqual([1]);
});

test('a drain ends early when every endpoint is on hold', async () => {
  const [one, two] = [await startReceiver(() => 500), await startReceiver(() => 404)];
  const pipeline = await createPipeline(
    { endpoints: [http('one', one), http('two', two)] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t select n from generate_series(1, 1000) n');
  const report = await pipeline.drain();
  expect(report.status).toBe('held');
  expect(report.endpoints.map(({ state, delivered }) => [state, delivered])).toEqual([
    ['held', 0],
    ['held', 0],
  ]);
  expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
});

test('an event whose transform takes until after all else was sent is sent too', async () => {
  const [slow, other] = [await startReceiver(), await startReceiver()];
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  // Its batch is not full: it comes once reading has ended.
  other.answerWith(() => release());
  const pipeline = await createPipeline(
    {
      endpoints: [
        { ...http('slow', slow), transform: (event) => released.then(() => event) },
        http('other', other),
      ],
    },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1), (2), (3)');
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'caught_up', endpoints: [{ delivered: 3 }, {}] });
  expect(idsOf(slow)).toEqual([1, 2, 3]);
});
