import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  createPipeline,
  lsnOf,
  type PipelineOptions,
  type TestPipeline,
} from '../support/pipeline.ts';
import { type Handler, type Receiver, startReceiver } from '../support/receiver.ts';

type HttpEndpoint = Extract<PipelineOptions['endpoints'][number], { type: 'http' }>;

const ROWS = 3_000;
const CONCURRENCY = 4;

type Ten = {
  readonly pipeline: TestPipeline;
  readonly nine: readonly Receiver[];
  readonly dead: Receiver;
};

/** Nine endpoints that answer at once, and one that does what `handler` says. */
async function ten(handler: Handler, options: Partial<HttpEndpoint> = {}): Promise<Ten> {
  const nine = await Promise.all(Array.from({ length: 9 }, () => startReceiver()));
  const dead = await startReceiver(handler);
  const shared = { type: 'http', concurrency: CONCURRENCY, batch: { maxEvents: 10 } } as const;
  const endpoints = [...nine, dead].map(({ url }, i): HttpEndpoint => ({
    ...shared,
    name: i === 9 ? 'dead' : `endpoint-${i}`,
    url,
    ...(i === 9 && options),
  }));
  const pipeline = await createPipeline({ endpoints }, 'create table t (id int primary key)');
  await insert(pipeline, 1, ROWS);
  return { pipeline, nine, dead };
}

async function insert({ database }: TestPipeline, from: number, to: number): Promise<void> {
  await database.query(`insert into t select generate_series(${from}, ${to})`);
}

const has = (events: number) => (receiver: Receiver) => receiver.events().length === events;

const keysOf = (receiver: Receiver, from = 0): number[] =>
  receiver.requests
    .slice(from)
    .flatMap(({ events }) => events.map(({ key }) => (key as { id: number }).id));

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

const sorted = (keys: readonly number[]): number[] => [...keys].sort((a, b) => a - b);

const isPatience = (ms: number): boolean => ms <= 250;

test('nine endpoints have everything while the tenth has not answered its first requests', async () => {
  const { pipeline, nine, dead } = await ten(() => 'hang', {
    timeoutMs: 900_000,
    retry: { attempts: 1, minDelayMs: 0 },
  });
  const clock = new FakeClock();
  const startedAt = clock.now();
  // Time passes for nobody but the reader, who waits for the tenth as long as its patience lasts.
  const passTime = (): void => {
    clock.advance(clock.sleeps.findLast(isPatience)!);
    void clock.untilAsleep(isPatience).then(passTime);
  };
  void clock.untilAsleep(isPatience).then(passTime);

  const draining = pipeline.drain({ platform: { ...nodePlatform, clock } });
  await Promise.all(nine.map((receiver) => receiver.waitFor(has(ROWS))));

  expect(dead.requests).toHaveLength(CONCURRENCY);
  expect(clock.now() - startedAt).toBeLessThanOrEqual(250);
  for (const receiver of nine) expect(sorted(keysOf(receiver))).toEqual(range(1, ROWS));

  await dead.close();
  const report = await draining;
  expect(report.status).toBe('held');
  expect(report.endpoints.map(({ delivered }) => delivered)).toEqual([...Array(9).fill(ROWS), 0]);
});

test.each<[string, Handler]>([
  ['answers 500', () => 500],
  ['breaks every connection', () => 'reset'],
])('one that %s costs the other nine nothing', async (_what, handler) => {
  const { pipeline, nine, dead } = await ten(handler, {
    retry: { attempts: 2, minDelayMs: 0, maxDelayMs: 0 },
  });
  const report = await pipeline.drain();
  expect(report.endpoints.map(({ delivered }) => delivered)).toEqual([...Array(9).fill(ROWS), 0]);
  for (const receiver of nine) expect(sorted(keysOf(receiver))).toEqual(range(1, ROWS));
  expect(dead.requests.length).toBeLessThanOrEqual(2 * CONCURRENCY);
});

test('one that refuses connections costs the other nine nothing', async () => {
  const { pipeline, dead } = await ten(() => 204, { retry: { attempts: 2, minDelayMs: 0 } });
  await dead.close();
  const report = await pipeline.drain();
  expect(report.endpoints.map(({ delivered }) => delivered)).toEqual([...Array(9).fill(ROWS), 0]);
  expect(report.endpoints[9]!.error).toContain('ECONNREFUSED');
});

test('one that is slow gets all in the end, in order, and the slot is read once more for it', async () => {
  const { pipeline, dead } = await ten(() => delay(10, 204), { ordering: 'strict' });
  const report = await pipeline.drain();
  expect(report).toMatchObject({ status: 'caught_up', events: ROWS, transactions: 1 });
  expect(keysOf(dead)).toEqual(range(1, ROWS));
  // Once for the nine, once for what it missed meanwhile.
  expect(report.windows).toBeLessThanOrEqual(2);
});

test('with park, the WAL that a dead endpoint holds back stays bounded, and comes first once it is back', async () => {
  const bound = 100_000;
  const { pipeline, nine, dead } = await ten(() => 503, {
    ordering: 'strict',
    retry: { attempts: 1, minDelayMs: 0 },
    circuitBreaker: { failures: 1, resetMs: 3_600_000 },
    parkAfterMs: 3_600_000,
    parkAfterBytes: bound,
  });
  let last = ROWS;
  for (let drain = 0; drain < 6; drain++) {
    const report = await pipeline.drain();
    expect(lsnOf(report.target_lsn) - lsnOf(report.to_lsn)).toBeLessThanOrEqual(bound);
    await insert(pipeline, last + 1, (last += 300));
  }
  expect(dead.requests).toHaveLength(1);

  dead.answerWith(() => 204);
  await pipeline.database.query('update walhook.endpoints set next_attempt_at = now()');
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
  expect(keysOf(dead, 1)).toEqual(range(1, last));
  for (const receiver of nine) expect(sorted(keysOf(receiver))).toEqual(range(1, last));
});
