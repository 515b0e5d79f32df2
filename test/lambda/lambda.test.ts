import { beforeAll, describe, expect, test } from 'vitest';
import { createHandler } from '../../src/entry/lambda.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { bundled } from './bundle.ts';
import { type Container, startContainer } from './container.ts';
import { schedule } from './events.ts';
import { secret } from '../support/secrets.ts';

let byEnvironment: string;
let configured: string;
beforeAll(() => {
  byEnvironment = bundled('examples/lambda/handler.mjs');
  configured = bundled('test/lambda/configured-handler.mjs');
});

type Deployed = {
  readonly pipeline: TestPipeline;
  readonly receiver: Receiver;
  /** As the next container that Lambda starts for the function. */
  readonly start: (handler?: string) => Promise<Container>;
};

async function deploy(serverUrl?: string): Promise<Deployed> {
  const receiver = await startReceiver();
  const endpoints = [{ name: 'orders', type: 'http' as const, url: receiver.url }];
  const table = 'create table t (id int primary key)';
  const pipeline = await createPipeline({ endpoints }, table, serverUrl);
  const env = {
    DATABASE_URL: pipeline.database.url,
    SLOT_NAME: pipeline.config.slot,
    ENDPOINT: receiver.url,
    TOKEN: secret('token'),
  };
  return { pipeline, receiver, start: (handler) => startContainer(configured, env, handler) };
}

const idsOf = (receiver: Receiver): number[] =>
  receiver.events().map(({ after }) => (after as { id: number }).id);

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

describe('a schedule', () => {
  test('drains by the environment alone, and says how it went', async () => {
    const { pipeline, receiver } = await deploy();
    const container = await startContainer(byEnvironment, {
      DATABASE_URL: pipeline.database.url,
      SLOT_NAME: pipeline.config.slot,
      HTTP_ENDPOINT_URL: receiver.url,
    });
    await pipeline.database.query('insert into t values (1)');

    const invoked = await container.invoke(schedule);

    expect(invoked).toMatchObject({ kind: 'response', body: { status: 'caught_up', events: 1 } });
    expect(idsOf(receiver)).toEqual([1]);
    const [line] = container.log().split('\n');
    expect(JSON.parse(line!)).toMatchObject({
      level: 'info',
      msg: 'drained',
      aws_request_id: expect.stringMatching(/^8476a536-/),
      endpoints: [{ name: 'http', delivered: 1 }],
    });
  });

  test('leaves no socket and no timer in a container that is frozen, and no session at the server', async () => {
    const { pipeline, receiver, start } = await deploy();
    const container = await start();
    for (const id of upTo(3)) {
      await pipeline.database.query('insert into t values ($1)', [id]);
      const invoked = await container.invoke(schedule);
      expect(invoked).toMatchObject({ kind: 'response', left: [] });
      await untilNothingIsConnected(pipeline);
    }
    expect(idsOf(receiver)).toEqual(upTo(3));
  });

  test('goes on in a container that slept while Postgres was started again and the endpoint broke off', async () => {
    const server = await startPrivateServer();
    const { pipeline, receiver, start } = await deploy(server.url());
    const container = await start();
    await pipeline.database.query('insert into t values (1)');
    await container.invoke(schedule);

    await server.restart('fast');
    await pipeline.database.query('insert into t values (2)');
    receiver.answerWith((_request, nth) => (nth === 2 ? 'reset' : 204));
    const invoked = await container.invoke(schedule);

    expect(invoked).toMatchObject({ kind: 'response', body: { status: 'caught_up' }, left: [] });
    expect(idsOf(receiver)).toEqual([1, 2, 2]);
  });

  test('ends before its time is over, also in the middle of a large transaction, and the next goes on there', async () => {
    const { pipeline, receiver, start } = await deploy();
    const container = await start();
    await pipeline.database.query('insert into t select generate_series(1, 50000)');
    // Fifty requests would take five seconds, of which the first invocation has less than four.
    receiver.answerWith(
      () => (response) => void setTimeout(() => response.writeHead(204).end(), 100),
    );

    const first = await container.invoke(schedule, 8_000);
    const delivered = receiver.events().length;
    receiver.answerWith(() => 204);
    const second = await container.invoke(schedule);

    expect(first).toMatchObject({ kind: 'response', body: { status: 'deadline' }, left: [] });
    expect(delivered).toBeGreaterThan(0);
    expect(delivered).toBeLessThan(50_000);
    expect(second).toMatchObject({ kind: 'response', body: { status: 'caught_up' } });
    expect(idsOf(receiver)).toEqual(upTo(50_000));
  });

  test('goes on in another container where one was killed', async () => {
    const { pipeline, receiver, start } = await deploy();
    await pipeline.database.query('insert into t select generate_series(1, 5000)');
    const killed = await start();
    receiver.answerWith((_request, nth) => {
      if (nth === 3) killed.kill();
      return nth >= 3 ? 'hang' : 204;
    });
    expect(await killed.invoke(schedule)).toBe(null);
    receiver.answerWith(() => 204);

    const other = await start();
    const invoked = await other.invoke(schedule);

    expect(invoked).toMatchObject({ kind: 'response', body: { status: 'caught_up' } });
    expect([...new Set(idsOf(receiver))]).toEqual(upTo(5_000));
  });
});

describe('an invocation fails', () => {
  test('where the drain does, so that alarms and retries see it', async () => {
    const { pipeline, start } = await deploy();
    const container = await start();
    await pipeline.database.query(`select pg_drop_replication_slot('${pipeline.config.slot}')`);

    const invoked = await container.invoke(schedule);

    expect(invoked).toMatchObject({
      kind: 'error',
      body: { errorType: 'WalhookError', errorMessage: expect.stringContaining('slot_missing: ') },
      left: [],
    });
    expect(JSON.parse(container.log())).toMatchObject({
      level: 'error',
      error: { code: 'slot_missing', remedy: expect.stringContaining('walhook init') },
    });
  });

  test('where an endpoint holds its events, unless it is told not to', async () => {
    const { pipeline, receiver, start } = await deploy();
    await pipeline.database.query('insert into t values (1)');
    receiver.answerWith(() => 401);

    const failed = await (await start()).invoke(schedule);
    const told = await (await start('tolerant')).invoke(schedule);

    expect(failed).toMatchObject({
      kind: 'error',
      body: { errorMessage: expect.stringContaining('held: orders (') },
    });
    expect(told).toMatchObject({ kind: 'response', body: { status: 'held' } });
  });

  test('not where another drain is under way', async () => {
    const { pipeline, receiver, start } = await deploy();
    const [one, other] = [await start(), await start()];
    await pipeline.database.query('insert into t values (1)');
    let told: Promise<unknown> = Promise.resolve();
    receiver.answerWith(async () => {
      told = other.invoke(schedule);
      await told;
      return 204;
    });

    const first = await one.invoke(schedule);

    expect(await told).toMatchObject({ kind: 'response', body: { status: 'busy' } });
    expect(first).toMatchObject({ kind: 'response', body: { status: 'caught_up' } });
  });

  test('with everything that is wrong with its configuration, without a secret', async () => {
    const container = await startContainer(byEnvironment, {
      DATABASE_URL: `postgres://me:${secret('database')}@db.example.com:port/shop`,
      HTTP_ENDPOINT_URL: 'example.com',
      WALHOOK_DRAIN_LEASE_MS: 'long',
    });

    const invoked = await container.invoke(schedule);
    const again = await container.invoke(schedule);

    expect(again).toEqual(invoked);
    expect(invoked).toMatchObject({ kind: 'error', body: { errorType: 'WalhookError' } });
    const { errorMessage } = invoked!.body as { errorMessage: string };
    for (const name of ['DATABASE_URL', 'HTTP_ENDPOINT_URL', 'WALHOOK_DRAIN_LEASE_MS']) {
      expect(errorMessage).toContain(name);
    }
    expect(JSON.stringify(invoked) + container.log()).not.toContain(secret('database'));
  });

  test('for a log level that there is not, and not before it is invoked', async () => {
    const { pipeline } = await deploy();
    const env = { DATABASE_URL: pipeline.database.url, WALHOOK_LOG_LEVEL: 'loud' };
    const container = await startContainer(byEnvironment, env);

    const invoked = await container.invoke(schedule);

    expect(invoked).toMatchObject({
      body: { errorMessage: expect.stringContaining('WALHOOK_LOG_LEVEL: got loud, wants debug') },
    });
  });
});

test('options that make no sense are named at once, when the function starts', () => {
  expect(() => createHandler(null, { marginMs: -1, httpDeadlineMs: Number.NaN })).toThrow(
    /marginMs: got -1, wants .*\n.*httpDeadlineMs: got NaN, wants /,
  );
});

/** A session outlives its connection by a moment, and this test if the connection was left open. */
async function untilNothingIsConnected({ database }: TestPipeline): Promise<void> {
  for (;;) {
    const sessions = await database.query(
      `select from pg_stat_activity
       where datname = current_database() and application_name like 'walhook%'`,
    );
    if (sessions.length === 0) return;
  }
}
