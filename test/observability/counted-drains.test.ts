import { afterAll, describe, expect, test } from 'vitest';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { type NodeServer, startNodeServer } from '../../src/runtime/node-server.ts';
import { DrainerProcess } from '../kill/drainer-process.ts';
import { waitUntil } from '../kill/wait-until.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  createPipeline,
  lsnOf,
  type PipelineOptions,
  type TestPipeline,
} from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type ParsedSample, parseExposition } from './prometheus-text.ts';

type HttpEndpoint = Extract<PipelineOptions['endpoints'][number], { type: 'http' }>;

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const servers: NodeServer[] = [];
const drainers: DrainerProcess[] = [];

afterAll(async () => {
  for (const drainer of drainers) drainer.signal('SIGKILL');
  await Promise.all(servers.map((server) => server.close(0)));
});

function newDrainer(): DrainerProcess {
  const drainer = new DrainerProcess();
  drainers.push(drainer);
  return drainer;
}

/** One try an event, and tried again by the next drain. */
function hooks({ url }: Receiver, options: Partial<HttpEndpoint> = {}): HttpEndpoint {
  return {
    name: 'hooks',
    type: 'http',
    url,
    ordering: 'strict',
    retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
    circuitBreaker: { failures: 100 },
    onUnavailable: 'hold',
    ...options,
  };
}

function shop(...endpoints: HttpEndpoint[]): Promise<TestPipeline> {
  return createPipeline({ endpoints }, 'create table t (id int primary key, n int default 0)');
}

function withoutUpdates<E extends { readonly op: string }>(event: E): E | null {
  return event.op === 'update' ? null : event;
}

/** What an instance answers that has drained nothing itself. */
async function scraped({ config }: TestPipeline): Promise<Map<string, readonly ParsedSample[]>> {
  const http = { ...config.http, host: '127.0.0.1', port: 0, tokens: [] };
  const instance = { config: { ...config, http }, platform: nodePlatform, log: silent };
  const server = await startNodeServer(instance);
  servers.push(server);
  const answer = await fetch(`${server.url}/metrics`);
  const families = parseExposition(await answer.text());
  return new Map(families.map(({ name, samples }) => [name, samples]));
}

/** The samples that are not zero, as `first label's value, second's: value`. */
async function counted(
  pipeline: TestPipeline,
  family: string,
  labels: readonly string[],
): Promise<string[]> {
  const samples = (await scraped(pipeline)).get(family) ?? [];
  return samples
    .filter(({ value }) => value !== 0)
    .map((sample) => `${labels.map((label) => sample.labels[label]).join(' ')}: ${sample.value}`);
}

const eventsOf = (pipeline: TestPipeline) =>
  counted(pipeline, 'walhook_events_total', ['operation', 'outcome']);
const attemptsOf = (pipeline: TestPipeline) =>
  counted(pipeline, 'walhook_attempts_total', ['outcome']);

describe('any instance tells', () => {
  test('what the drains of other processes did', async () => {
    const other = newDrainer();
    const receiver = await startReceiver((_request, nth) => (nth === 1 ? 503 : 204));
    const pipeline = await shop(hooks(receiver));
    const { config, database } = pipeline;
    await database.query(`
      insert into t select generate_series(1, 5);
      update t set n = 1 where id <= 2;
      select pg_logical_emit_message(true, 'note', 'hello');`);
    const { report: held } = await other.drain({ config });
    const first = await pipeline.drain();
    await database.query('delete from t where id = 1; truncate t');
    const second = await pipeline.drain();

    const statuses = [held, first, second].map((report) => report?.status);
    expect(statuses).toEqual(['held', 'caught_up', 'caught_up']);
    expect(await eventsOf(pipeline)).toEqual([
      'insert delivered: 5',
      'update delivered: 2',
      'delete delivered: 1',
      'truncate delivered: 1',
      'message delivered: 1',
    ]);
    expect(await attemptsOf(pipeline)).toEqual(['delivered: 2', 'unavailable: 1']);
    const metrics = await scraped(pipeline);
    const value = (family: string) => metrics.get(family)!.at(-1)!.value;
    expect(value('event_sink_latency_seconds')).toBe(3);
    expect(value('walhook_window_wal_bytes_total')).toBeGreaterThan(0);
    expect(value('walhook_window_decode_seconds_total')).toBeGreaterThanOrEqual(0);
  });

  test('each endpoint apart, and zero of what never happened', async () => {
    const [one, two] = [await startReceiver(), await startReceiver()];
    const pipeline = await shop(hooks(one, { name: 'one' }), hooks(two, { name: 'two' }));
    const labels = ['endpoint', 'operation', 'outcome'] as const;
    const before = (await scraped(pipeline)).get('walhook_events_total')!;
    expect(before).toHaveLength(2 * 5 * 4);
    expect(new Set(before.map(({ value }) => value))).toEqual(new Set([0]));
    await pipeline.database.query('insert into t values (1)');
    await pipeline.drain();
    expect(await counted(pipeline, 'walhook_events_total', labels)).toEqual([
      'one insert delivered: 1',
      'two insert delivered: 1',
    ]);
  });

  test('nothing, not even zero, while the tables are older than what it reads', async () => {
    const pipeline = await shop(hooks(await startReceiver()));
    const { database } = pipeline;
    const [last] = await database.query<{ name: string }>(
      'select name from walhook.migrations order by name desc limit 1',
    );
    await database.query('delete from walhook.migrations where name = $1', [last!.name]);
    await database.query('alter table walhook.endpoints drop column attempt_ms');
    const metrics = await scraped(pipeline);
    expect(metrics.has('replication_connection_status')).toBe(true);
    expect(metrics.has('walhook_events_total')).toBe(false);
    expect(metrics.has('walhook_window_wal_bytes_total')).toBe(false);
  });

  test.each(['copy', 'rows'] as const)(
    'how much WAL windows spanned, where %s ends them early at a number of changes',
    async (reader) => {
      const receiver = await startReceiver();
      const pipeline = await createPipeline(
        { endpoints: [hooks(receiver)], drain: { reader, maxWindowChanges: 1_000 } },
        'create table t (id int primary key)',
      );
      for (let from = 1; from < 10_000; from += 500) {
        await pipeline.database.query(
          `insert into t select generate_series(${from}, ${from + 499})`,
        );
      }
      const report = await pipeline.drain();

      expect(report.windows).toBeGreaterThan(5);
      const [spanned] = (await scraped(pipeline)).get('walhook_window_wal_bytes_total')!;
      const drained = Number(lsnOf(report.to_lsn) - lsnOf(report.from_lsn));
      // The last one may end a little behind the target.
      expect(spanned!.value / drained).toBeGreaterThan(0.5);
      expect(spanned!.value / drained).toBeLessThan(1.5);
    },
  );

  test('how long attempts took', async () => {
    const clock = new FakeClock();
    const takes = [5, 26, 60_000];
    const receiver = await startReceiver((_request, nth) => clock.advance(takes[nth - 1]!));
    const pipeline = await shop(hooks(receiver, { timeoutMs: 600_000, batch: { maxEvents: 1 } }));
    await pipeline.database.query('insert into t select generate_series(1, 3)');
    const { status } = await pipeline.drain({ platform: { ...nodePlatform, clock } });

    expect(status).toBe('caught_up');
    const samples = (await scraped(pipeline)).get('event_sink_latency_seconds')!;
    const buckets = samples.filter(({ name }) => name.endsWith('_bucket'));
    expect(buckets.map(({ labels, value }) => [labels['le'], value])).toEqual([
      ['0.005', 1],
      ['0.01', 1],
      ['0.025', 1],
      ['0.05', 2],
      ['0.1', 2],
      ['0.25', 2],
      ['0.5', 2],
      ['1', 2],
      ['2.5', 2],
      ['5', 2],
      ['10', 2],
      ['30', 2],
      ['+Inf', 3],
    ]);
    expect(samples.slice(-2).map(({ value }) => value)).toEqual([60.031, 3]);
  });
});

describe('an event counts once', () => {
  test('whatever parts its batch is sent in', async () => {
    const receiver = await startReceiver(({ events }) =>
      events.some(({ key }) => (key as { id: number }).id === 3) ? 422 : 204,
    );
    const pipeline = await shop(hooks(receiver));
    await pipeline.database.query(
      'insert into t select generate_series(1, 4); update t set n = 1 where id = 4',
    );
    await pipeline.drain();
    expect(await eventsOf(pipeline)).toEqual([
      'insert delivered: 3',
      'insert dead_lettered: 1',
      'update delivered: 1',
    ]);
    const refused = receiver.requests.filter(({ events }) =>
      events.some(({ key }) => (key as { id: number }).id === 3),
    );
    expect(await attemptsOf(pipeline)).toEqual([
      `delivered: ${receiver.requests.length - refused.length}`,
      `rejected: ${refused.length}`,
    ]);
  });

  test('of a batch of which the endpoint took only a part', async () => {
    const receiver = await startReceiver(({ events }) => {
      const refused = events.filter(({ op }) => op === 'update');
      const batchItemFailures = refused.map(({ id }) => ({ itemIdentifier: id }));
      return { status: 200, body: JSON.stringify({ batchItemFailures }) };
    });
    const pipeline = await shop(hooks(receiver));
    await pipeline.database.query(
      'insert into t values (1), (2); update t set n = 1; insert into t values (3)',
    );
    await pipeline.drain();
    expect(await eventsOf(pipeline)).toEqual(['insert delivered: 3', 'update dead_lettered: 2']);
    expect(await attemptsOf(pipeline)).toEqual(['partial: 2']);
  });

  test('as parked, and again as delivered, by its operation', async () => {
    const receiver = await startReceiver(() => 503);
    const parking = { onUnavailable: 'park', parkAfterMs: 0 } as const;
    const pipeline = await shop(hooks(receiver, { ...parking, circuitBreaker: { failures: 1 } }));
    await pipeline.database.query('insert into t values (1), (2); update t set n = 1');
    await pipeline.drain();
    expect(await eventsOf(pipeline)).toEqual(['insert parked: 2', 'update parked: 2']);

    receiver.answerWith(() => 204);
    await pipeline.forgetFailures();
    await pipeline.drain();
    expect(await eventsOf(pipeline)).toEqual([
      'insert delivered: 2',
      'insert parked: 2',
      'update delivered: 2',
      'update parked: 2',
    ]);
    expect(await attemptsOf(pipeline)).toEqual(['delivered: 1', 'unavailable: 1']);
  });

  test('as filtered, however often the endpoint that is held has it read again', async () => {
    const receiver = await startReceiver(() => 503);
    const filter = { operations: ['insert' as const] };
    const pipeline = await shop(hooks(receiver, { filter }));
    const { database } = pipeline;
    await database.query('insert into t values (1); update t set n = 1; delete from t');
    for (let i = 0; i < 3; i++) expect((await pipeline.drain()).status).toBe('held');
    expect(await eventsOf(pipeline)).toEqual([]);

    receiver.answerWith(() => 204);
    const report = await pipeline.drain();
    expect(report.endpoints).toMatchObject([{ delivered: 1, filtered: 2 }]);
    await pipeline.drain();
    expect(await eventsOf(pipeline)).toEqual([
      'insert delivered: 1',
      'update filtered: 1',
      'delete filtered: 1',
    ]);
  });

  test('as filtered or dropped, by what it was before a transform', async () => {
    const receiver = await startReceiver();
    const filter = { operations: ['insert' as const, 'update' as const] };
    const transform = withoutUpdates as HttpEndpoint['transform'];
    const pipeline = await shop(hooks(receiver, { filter, transform }));
    await pipeline.database.query(
      'insert into t values (1); update t set n = 1; delete from t; insert into t values (2)',
    );
    await pipeline.drain();
    expect(await eventsOf(pipeline)).toEqual([
      'insert delivered: 2',
      'update filtered: 1',
      'delete filtered: 1',
    ]);
  });

  test('whoever of two drainers was the one that had the lease', async () => {
    const receiver = await startReceiver();
    const rows = 100;
    const pipeline = await createPipeline(
      {
        endpoints: [hooks(receiver, { batch: { maxEvents: 10 } })],
        drain: { checkpointMs: 1, leaseMs: 1_000 },
      },
      'create table t (id int primary key)',
    );
    const { config, database } = pipeline;
    await database.query(`insert into t select generate_series(1, ${rows})`);
    const paused = newDrainer();
    void paused.drain({ config, at: { step: 'before-checkpoint', nth: 1, signal: 'SIGSTOP' } });
    await paused.atStep();
    const isOver = 'lease_expires_at < clock_timestamp()';
    await waitUntil(database, `select from walhook.pipelines where ${isOver}`);

    expect((await pipeline.drain()).status).toBe('caught_up');
    const before = await scraped(pipeline);
    paused.signal('SIGCONT');
    expect((await paused.ended()).report).toMatchObject({ error: { code: 'lease_lost' } });

    expect(receiver.events().length).toBeGreaterThan(rows);
    expect(await eventsOf(pipeline)).toEqual([`insert delivered: ${rows}`]);
    const after = await scraped(pipeline);
    for (const name of [
      'walhook_attempts_total',
      'event_sink_latency_seconds',
      'walhook_window_wal_bytes_total',
      'walhook_window_decode_seconds_total',
    ]) {
      expect(after.get(name)).toEqual(before.get(name));
    }
  });
});
