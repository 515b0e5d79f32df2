import { expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import {
  createPipeline,
  lsnOf,
  type PipelineOptions,
  type TestPipeline,
} from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

type HttpEndpoint = Extract<PipelineOptions['endpoints'][number], { type: 'http' }>;

/** Parks as soon as it is down, and is tried again only once `timePasses`. */
function endpoint(name: string, { url }: Receiver, options: Partial<HttpEndpoint> = {}) {
  return {
    name,
    type: 'http',
    url,
    ordering: 'strict',
    batch: { maxEvents: 10 },
    retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
    circuitBreaker: { failures: 1, resetMs: 3_600_000 },
    parkAfterMs: 0,
    ...options,
  } satisfies HttpEndpoint;
}

const TABLE = 'create table t (id int primary key, n int default 0)';

async function pipelineTo(...endpoints: HttpEndpoint[]): Promise<TestPipeline> {
  return createPipeline({ endpoints }, TABLE);
}

async function insert({ database }: TestPipeline, from: number, to: number): Promise<void> {
  await database.query(`insert into t select generate_series(${from}, ${to})`);
}

/** Whoever waits for its next attempt is due. */
async function timePasses({ database }: TestPipeline): Promise<void> {
  await database.query(
    `update walhook.endpoints set next_attempt_at = now() - interval '1 second'
     where next_attempt_at is not null`,
  );
}

const keysOf = (receiver: Receiver, from = 0): number[] =>
  receiver.requests
    .slice(from)
    .flatMap(({ events }) => events.map(({ key }) => (key as { id: number }).id));

const idOf = (event: { readonly key?: unknown }): number => (event.key as { id: number }).id;

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** As long as a drain takes for what it has to ask the tables next. */
async function roundTrips({ database }: TestPipeline): Promise<void> {
  for (let nth = 0; nth < 10; nth++) await database.query('select 1');
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function parkedEvents({ database }: TestPipeline): Promise<number> {
  const [row] = await database.query<{ events: string | null }>(
    'select sum(event_count) as events from walhook.parked_batches',
  );
  return Number(row!.events);
}

test('what an endpoint that is down does not take is parked, and the slot moves on', async () => {
  const [good, bad] = [await startReceiver(), await startReceiver(() => 503)];
  const pipeline = await pipelineTo(endpoint('good', good), endpoint('bad', bad));
  await insert(pipeline, 1, 50);

  const first = await pipeline.drain();
  expect(first).toMatchObject({
    status: 'held',
    endpoints: [
      { name: 'good', state: 'active', delivered: 50 },
      { name: 'bad', state: 'parking', delivered: 0, parked: 50, failed_attempts: 1 },
    ],
  });
  expect(first.to_lsn).toBe(first.target_lsn);
  expect(lsnOf(await pipeline.slotAt())).toBe(lsnOf(first.target_lsn));

  await insert(pipeline, 51, 80);
  const second = await pipeline.drain();
  expect(second.endpoints).toMatchObject([{ delivered: 30 }, { state: 'parking', parked: 30 }]);
  expect(second.to_lsn).toBe(second.target_lsn);
  expect(bad.requests).toHaveLength(1);

  bad.answerWith(() => 204);
  await timePasses(pipeline);
  await insert(pipeline, 81, 100);
  const third = await pipeline.drain();
  expect(third).toMatchObject({
    status: 'caught_up',
    endpoints: [{ delivered: 20 }, { state: 'active', error: null }],
  });
  expect(keysOf(bad, 1)).toEqual(range(1, 100));
  expect(await parkedEvents(pipeline)).toBe(0);
});

test('at the bound on parked events it holds the slot again, and says so', async () => {
  const bad = await startReceiver(() => 503);
  const pipeline = await pipelineTo(endpoint('bad', bad, { maxParkedEvents: 40 }));
  await insert(pipeline, 1, 100);

  const full = await pipeline.drain();

  expect(full).toMatchObject({
    status: 'held',
    endpoints: [
      {
        state: 'held',
        parked: 40,
        error: expect.stringContaining('the bound on parked events is reached (40 events'),
      },
    ],
  });
  expect(lsnOf(full.to_lsn)).toBeLessThan(lsnOf(full.target_lsn));

  // Once it is back, a full table is no reason to wait any longer.
  bad.answerWith(() => 204);
  await timePasses(pipeline);
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
  expect(keysOf(bad, 1)).toEqual(range(1, 100));
});

test('an endpoint that may be tried at once is parked all the same where it failed', async () => {
  const [good, bad] = [await startReceiver(), await startReceiver(() => 503)];
  const pipeline = await pipelineTo(
    endpoint('good', good),
    endpoint('bad', bad, { circuitBreaker: { failures: 5, resetMs: 0 } }),
  );
  await insert(pipeline, 1, 20);
  const report = await pipeline.drain();
  expect(report.endpoints[1]).toMatchObject({ state: 'parking', parked: 20 });
  expect(report.to_lsn).toBe(report.target_lsn);
});

test('where the bound is reached while what is parked is sent, the rest comes behind it in the same drain', async () => {
  const [good, bad] = [await startReceiver(), await startReceiver(() => 503)];
  const pipeline = await pipelineTo(
    endpoint('good', good),
    endpoint('bad', bad, { maxParkedEvents: 40 }),
  );
  await insert(pipeline, 1, 40);
  await pipeline.drain();
  expect(await parkedEvents(pipeline)).toBe(40);

  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  bad.answerWith(() => released.then(() => 204));
  await timePasses(pipeline);
  await insert(pipeline, 41, 500);
  const report = await pipeline.drain({
    onStep(step) {
      // All has been read by then, and there was no room for most of it.
      if (step === 'window-read') release();
    },
  });

  expect(report).toMatchObject({ status: 'caught_up', endpoints: [{}, { state: 'active' }] });
  expect(keysOf(bad, 1)).toEqual(range(1, 500));
  expect(keysOf(good)).toEqual(range(1, 500));
});

test('what found no room among the parked is not overtaken by what was read behind it', async () => {
  const receiver = await startReceiver(() => 503);
  const [isRead, isThrough] = [gate(), gate()];
  const transform: HttpEndpoint['transform'] = async (event) => {
    const id = idOf(event);
    if (id === 60) isRead.open();
    await (id > 50 ? isThrough : id > 40 ? isRead : undefined)?.opened;
    return event;
  };
  const pipeline = await pipelineTo(
    endpoint('hooks', receiver, { maxParkedEvents: 40, transform }),
  );
  await insert(pipeline, 1, 40);
  await pipeline.drain();
  expect(await parkedEvents(pipeline)).toBe(40);

  receiver.answerWith(async (_request, nth) => {
    // 41 to 50 find no room while nothing of what is parked is answered.
    await isRead.opened;
    await roundTrips(pipeline);
    if (nth === 5) void roundTrips(pipeline).then(isThrough.open);
  });
  await timePasses(pipeline);
  await insert(pipeline, 41, 60);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(keysOf(receiver, 1)).toEqual(range(1, 60));
});

test('what is on its way into the tables when all that is parked is sent goes before what comes then', async () => {
  const receiver = await startReceiver(() => 503);
  const isThrough = gate();
  const transform: HttpEndpoint['transform'] = async (event) => {
    if (idOf(event) > 20) await isThrough.opened;
    return event;
  };
  const pipeline = await pipelineTo(endpoint('hooks', receiver, { transform }));
  await insert(pipeline, 1, 10);
  await pipeline.drain();
  expect(await parkedEvents(pipeline)).toBe(10);

  receiver.answerWith(() => 204);
  await timePasses(pipeline);
  await insert(pipeline, 11, 30);
  const report = await pipeline.drain({
    async onStep(step) {
      if (step !== 'before-park') return;
      await receiver.waitFor(({ requests }) => requests.length === 2);
      await roundTrips(pipeline);
      isThrough.open();
      await roundTrips(pipeline);
    },
  });
  expect(report.status).toBe('caught_up');
  expect(keysOf(receiver, 1)).toEqual(range(1, 30));
});

test('an endpoint that is down, and the only one, is parked for once it keeps too much WAL', async () => {
  const receiver = await startReceiver(() => 503);
  const parkAfter = { parkAfterMs: 3_600_000, parkAfterBytes: 100_000 };
  const endpoints = [endpoint('hooks', receiver, { ...parkAfter, batch: { maxEvents: 500 } })];
  // What other tests write to a shared server would be held back too.
  const server = await startPrivateServer();
  const pipeline = await createPipeline({ endpoints }, TABLE, server.url());
  await insert(pipeline, 1, 10);
  expect((await pipeline.drain()).endpoints[0]).toMatchObject({ state: 'held', parked: 0 });
  await insert(pipeline, 11, 3_000);
  const report = await pipeline.drain();
  expect(report.endpoints[0]).toMatchObject({ state: 'parking', parked: 3_000 });
  expect(report.to_lsn).toBe(report.target_lsn);
});

test('what is read while parked events are sent comes behind them', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await pipelineTo(endpoint('hooks', receiver));
  await insert(pipeline, 1, 200);
  await pipeline.drain();
  expect(await parkedEvents(pipeline)).toBe(200);

  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  receiver.answerWith(() => released.then(() => 204));
  await timePasses(pipeline);
  await insert(pipeline, 201, 260);
  const report = await pipeline.drain({
    onStep(step) {
      // All has been read before the first of what is parked is answered.
      if (step === 'window-read') release();
    },
  });

  expect(report.status).toBe('caught_up');
  expect(report.endpoints[0]!.parked).toBeGreaterThan(0);
  expect(keysOf(receiver, 1)).toEqual(range(1, 260));
});

test('parked under other lanes, the rows of a key still come in order', async () => {
  const receiver = await startReceiver(() => 503);
  const options = { ordering: 'key', batch: { maxEvents: 1 } } as const;
  const few = await pipelineTo(endpoint('hooks', receiver, { ...options, concurrency: 3 }));
  await insert(few, 1, 30);
  await few.drain();
  for (let n = 0; n < 4; n++) await few.database.query('update t set n = n + 1');
  await few.drain();
  expect(await parkedEvents(few)).toBe(150);

  const inFlight = new Set<number>();
  const overlaps: number[] = [];
  receiver.answerWith(async ({ events: [event] }) => {
    const { id } = event!['key'] as { id: number };
    if (inFlight.has(id)) overlaps.push(id);
    inFlight.add(id);
    // The earlier one takes longer, so that a later one would pass it.
    const { n } = event!['after'] as { n: number };
    for (let turn = 0; turn < 40 - 8 * n; turn++) await new Promise(setImmediate);
    inFlight.delete(id);
  });
  await timePasses(few);
  const from = receiver.requests.length;
  const many = await few.configured({
    endpoints: [endpoint('hooks', receiver, { ...options, concurrency: 8 })],
  });
  await few.database.query('update t set n = n + 1');
  expect((await many.drain()).status).toBe('caught_up');

  expect(overlaps).toEqual([]);
  for (const id of range(1, 30)) {
    const versions = receiver.requests
      .slice(from)
      .flatMap(({ events }) => events)
      .filter(({ key }) => (key as { id: number }).id === id)
      .map(({ after }) => (after as { n: number }).n);
    expect(versions).toEqual([0, 1, 2, 3, 4, 5]);
  }
});

test('what an endpoint took of a parked batch does not come again after a clean end', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await pipelineTo(endpoint('hooks', receiver));
  await insert(pipeline, 1, 10);
  await pipeline.drain();
  expect(await parkedEvents(pipeline)).toBe(10);

  const taken: number[] = [];
  const isDown = { now: true };
  receiver.answerWith(({ events }) => {
    const ids = events.map(({ key }) => (key as { id: number }).id);
    if (ids.includes(7)) return 400;
    if (isDown.now && ids.includes(9)) return 503;
    taken.push(...ids);
    return 204;
  });
  await timePasses(pipeline);
  expect((await pipeline.drain()).status).toBe('held');
  expect(taken).toEqual([1, 2, 3, 4, 5, 6, 8]);

  isDown.now = false;
  await timePasses(pipeline);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(taken).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10]);
  expect(await parkedEvents(pipeline)).toBe(0);
});

test('a connection that is lost while parked events are sent repeats none of them', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await createPipeline(
    {
      endpoints: [endpoint('hooks', receiver)],
      // Nothing is saved before the end.
      drain: { checkpointMs: 600_000, leaseMs: 1_000_000 },
    },
    'create table t (id int primary key)',
  );
  await insert(pipeline, 1, 200);
  await pipeline.drain();
  expect(await parkedEvents(pipeline)).toBe(200);

  receiver.answerWith(async (_request, nth) => {
    if (nth !== 12) return;
    await pipeline.database.query(`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name like 'walhook%' and datname = current_database()`);
  });
  await timePasses(pipeline);
  await insert(pipeline, 201, 220);
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
  expect(keysOf(receiver, 1)).toEqual(range(1, 220));
});

test('an endpoint that is paused with park is not sent to, and its events are parked', async () => {
  const receiver = await startReceiver();
  const pipeline = await pipelineTo(endpoint('hooks', receiver, { batch: { maxEvents: 1 } }));
  await pipeline.drain();
  await insert(pipeline, 1, 60);
  const paused = await drainWithPause(pipeline, receiver, true);
  const sent = receiver.requests.length;
  expect(paused.endpoints[0]).toMatchObject({ state: 'parking', error: 'paused: by hand' });
  expect(paused.to_lsn).toBe(paused.target_lsn);
  expect(paused.endpoints[0]!.delivered + paused.endpoints[0]!.parked).toBe(60);
  expect(paused.endpoints[0]!.delivered).toBe(sent);

  await insert(pipeline, 61, 70);
  expect((await pipeline.drain()).endpoints[0]).toMatchObject({ delivered: 0, parked: 10 });
  expect(receiver.requests).toHaveLength(sent);

  await resume(pipeline);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(keysOf(receiver)).toEqual(range(1, 70));
});

test('an endpoint that is paused without park holds the slot where it stands', async () => {
  const receiver = await startReceiver();
  const pipeline = await pipelineTo(endpoint('hooks', receiver, { batch: { maxEvents: 1 } }));
  await pipeline.drain();
  await insert(pipeline, 1, 60);
  const paused = await drainWithPause(pipeline, receiver, false);
  expect(paused).toMatchObject({
    status: 'held',
    endpoints: [{ state: 'held', parked: 0, error: 'paused: by hand' }],
  });
  expect(lsnOf(paused.to_lsn)).toBeLessThan(lsnOf(paused.target_lsn));
  expect(receiver.requests.length).toBe(paused.endpoints[0]!.delivered);
  expect(paused.endpoints[0]!.delivered).toBeLessThan(60);

  await resume(pipeline);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(keysOf(receiver)).toEqual(range(1, 60));
});

test('an endpoint that answers 410 is paused until somebody resumes it', async () => {
  const receiver = await startReceiver(() => 410);
  const pipeline = await pipelineTo(endpoint('hooks', receiver));
  await insert(pipeline, 1, 5);
  expect(await pipeline.drain()).toMatchObject({
    status: 'held',
    endpoints: [{ state: 'held', error: 'gone: HTTP 410; paused' }],
  });
  receiver.answerWith(() => 204);
  await timePasses(pipeline);
  expect((await pipeline.drain()).endpoints[0]).toMatchObject({
    state: 'held',
    error: 'paused: gone: HTTP 410',
  });
  expect(receiver.requests).toHaveLength(1);

  await resume(pipeline);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(keysOf(receiver, 1)).toEqual(range(1, 5));
});

test('told to hold after it has parked, it still gets what is parked first', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await pipelineTo(endpoint('hooks', receiver));
  await insert(pipeline, 1, 30);
  await pipeline.drain();
  const holding = await pipeline.configured({
    endpoints: [endpoint('hooks', receiver, { onUnavailable: 'hold' })],
  });
  await insert(pipeline, 31, 40);

  const held = await holding.drain();
  expect(held).toMatchObject({ status: 'held', endpoints: [{ state: 'held', parked: 0 }] });
  expect(lsnOf(held.to_lsn)).toBeLessThan(lsnOf(held.target_lsn));

  receiver.answerWith(() => 204);
  await timePasses(pipeline);
  expect((await holding.drain()).status).toBe('caught_up');
  expect(keysOf(receiver, 1)).toEqual(range(1, 40));
});

test('an endpoint that is taken out leaves its backlog, which it gets first once it is back', async () => {
  const [good, bad] = [await startReceiver(), await startReceiver(() => 503)];
  const both = await pipelineTo(endpoint('good', good), endpoint('bad', bad));
  await insert(both, 1, 20);
  await both.drain();
  const one = await both.configured({ endpoints: [endpoint('good', good)] });
  await insert(both, 21, 30);
  const report = await one.drain();
  expect(report).toMatchObject({ status: 'caught_up', endpoints: [{ delivered: 10 }] });
  expect(report.to_lsn).toBe(report.target_lsn);
  expect(await parkedEvents(both)).toBe(20);

  bad.answerWith(() => 204);
  await timePasses(both);
  await insert(both, 31, 35);
  expect((await both.drain()).status).toBe('caught_up');
  // What came meanwhile was for those that were there.
  expect(keysOf(bad, 1)).toEqual([...range(1, 20), ...range(31, 35)]);
});

test('a breaker that is open stays so for the next process, until its time has come', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await pipelineTo(
    endpoint('hooks', receiver, {
      onUnavailable: 'hold',
      circuitBreaker: { failures: 3, resetMs: 3_600_000 },
    }),
  );
  await insert(pipeline, 1, 5);
  for (let drain = 0; drain < 3; drain++) await pipeline.drain();
  expect(receiver.requests).toHaveLength(3);
  const waiting = await pipeline.drain();
  expect(waiting.endpoints[0]!.error).toMatch(/^no attempt before .+, after 3 failed in a row$/);
  expect(receiver.requests).toHaveLength(3);

  await timePasses(pipeline);
  await pipeline.drain();
  expect(receiver.requests).toHaveLength(4);
  expect((await pipeline.drain()).endpoints[0]!.error).toContain('after 4 failed in a row');
  expect(receiver.requests).toHaveLength(4);
});

/** Somebody pauses the endpoint at its third request; a checkpoint tells the drain before the fifth. */
async function drainWithPause(
  pipeline: TestPipeline,
  receiver: Receiver,
  parks: boolean,
): Promise<DrainReport> {
  const told = { isPaused: false, resolve: () => undefined as void };
  const isTold = new Promise<void>((resolve) => (told.resolve = resolve));
  receiver.answerWith(async (_request, nth) => {
    if (nth === 3) await pause(pipeline, parks).then(() => (told.isPaused = true));
    if (nth === 4) await isTold;
  });
  const hurried = await pipeline.configured({ drain: { checkpointMs: 1 } });
  let isSavedAfterPause = false;
  return hurried.drain({
    onStep(step) {
      if (step === 'before-checkpoint') isSavedAfterPause = told.isPaused;
      if (step === 'after-checkpoint' && isSavedAfterPause) told.resolve();
    },
  });
}

async function pause({ database }: TestPipeline, parks: boolean): Promise<void> {
  await database.query(
    `insert into walhook.endpoints as e (pipeline, endpoint, commit_lsn, seq, settled_ahead, state,
       paused_at, paused_reason, pause_parks)
     values ('walhook', 'hooks', '0/0', -1, '', 'active', now(), 'by hand', ${parks})
     on conflict (pipeline, endpoint) do update set paused_at = excluded.paused_at,
       paused_reason = excluded.paused_reason, pause_parks = excluded.pause_parks`,
  );
}

async function resume({ database }: TestPipeline): Promise<void> {
  await database.query(
    'update walhook.endpoints set paused_at = null, paused_reason = null, pause_parks = false',
  );
}

test('an endpoint that takes what is parked, but not all in time, is catching up: not held, not parking', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await pipelineTo(endpoint('hooks', receiver));
  await insert(pipeline, 1, 100);
  await pipeline.drain();
  await timePasses(pipeline);
  const stop = new AbortController();
  receiver.answerWith((_request, nth) => {
    if (nth === 3) stop.abort();
    return 204;
  });

  const cut = await pipeline.drain({ signal: stop.signal });

  expect(cut).toMatchObject({
    status: 'deadline',
    error: null,
    endpoints: [{ state: 'active', error: null }],
  });
  const left = await parkedEvents(pipeline);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(100);
  const rows = 'select state, reason from walhook.endpoints';
  expect(await pipeline.database.query(rows)).toEqual([{ state: 'active', reason: null }]);
  // What is parked is not settled, however far the slot is.
  const [{ behind }] = (await pipeline.database.query<{ behind: boolean }>(
    'select settled_through_at is null as behind from walhook.pipelines',
  )) as [{ behind: boolean }];
  expect(behind).toBe(true);

  receiver.answerWith(() => 204);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(new Set(keysOf(receiver, 1)).size).toBe(100);
});
