import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { drainReportSchema } from '../../src/http/report-schema.ts';
import { serveApp, TOKEN } from './served-app.ts';

const TABLE = 'create table orders (id int primary key)';

async function shop(endpoint: Record<string, unknown> = {}) {
  const receiver = await startReceiver();
  const hooks = { name: 'hooks', type: 'http', url: receiver.url, ...endpoint } as const;
  const pipeline = await createPipeline({ endpoints: [hooks] }, TABLE);
  const { database, config } = pipeline;
  const order = (from: number, to = from) =>
    database.query(`insert into orders select generate_series(${from}, ${to})`);
  return { receiver, pipeline, database, config, order };
}

/** What waits for `opened` goes on with `open`. */
class Gate {
  readonly opened: Promise<void>;
  #open: (() => void) | undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open?.();
  }
}

/** The lines that tell how a drain ended. */
function drainedIn(log: string): unknown[] {
  const lines = log.trim().split('\n');
  const records = lines.map((line) => JSON.parse(line) as { readonly msg: string });
  return records.filter(({ msg }) => msg === 'drained');
}

describe('a drain over HTTP', () => {
  test.each(['GET', 'POST'])('by %s delivers and answers 200 with the report', async (method) => {
    const { receiver, config, order } = await shop();
    await order(1, 3);
    const app = await serveApp(config);
    const { status, json } = await app.ask('/drain', { method });
    expect(status).toBe(200);
    expect(drainReportSchema.parse(json)).toMatchObject({
      status: 'caught_up',
      events: 3,
      endpoints: [{ name: 'hooks', delivered: 3 }],
    });
    expect(receiver.events()).toHaveLength(3);
    await app.close();
  });

  test('takes its bounds from the query or the body, and answers 202 where one ended it', async () => {
    const { config, order, receiver } = await shop();
    for (const id of [1, 2, 3]) await order(id);
    const app = await serveApp({ ...config, drain: { ...config.drain, maxWindowChanges: 1 } });
    const first = await app.ask('/drain?maxChanges=1', { method: 'POST' });
    expect(first).toMatchObject({ status: 202, json: { status: 'deadline' } });
    expect(receiver.events()).toHaveLength(1);
    const rest = await app.post('/drain', { deadline: '20s', maxChanges: 1_000 });
    expect(rest).toMatchObject({ status: 200, json: { status: 'caught_up' } });
    expect(receiver.events()).toHaveLength(3);
    await app.close();
  });

  test('answers 503 where an endpoint is held, and 500 where it failed, and warns of why in the log', async () => {
    const { receiver, config, order } = await shop({
      onUnavailable: 'hold',
      retry: { attempts: 1, minDelayMs: 0 },
    });
    await order(1);
    receiver.answerWith(() => 503);
    const app = await serveApp(config);
    const held = await app.post('/drain');
    expect(held).toMatchObject({ status: 503, json: { status: 'held', events: 1 } });
    const missing = await serveApp({ ...config, slot: 'no_such_slot' });
    const failed = await missing.post('/drain');
    expect(failed).toMatchObject({
      status: 500,
      json: { status: 'failed', error: { code: 'slot_missing' } },
    });
    expect(drainedIn(app.log())).toMatchObject([
      {
        level: 'warn',
        status: 'held',
        held: [{ name: 'hooks', reason: expect.stringContaining('HTTP 503') }],
      },
    ]);
    const { message } = failed.json['error'] as { message: string };
    expect(drainedIn(missing.log())).toMatchObject([
      { level: 'warn', status: 'failed', error: { code: 'slot_missing', message } },
    ]);
    await app.close();
    await missing.close();
  });

  test('tells overlapping triggers that it is busy, over no connection of their own', async () => {
    const { receiver, config, order, database } = await shop();
    await order(1);
    const app = await serveApp(config);
    const answer = new Gate();
    receiver.answerWith(async () => {
      await answer.opened;
      return 204;
    });
    const first = app.post('/drain');
    await receiver.waitFor(({ requests }) => requests.length === 1);
    const connections = () =>
      database.query(
        `select pid from pg_stat_activity where datname = $1 and application_name like 'walhook%'`,
        [database.name],
      );
    const before = await connections();
    const others = await Promise.all(Array.from({ length: 10 }, () => app.post('/drain')));
    expect(others.map(({ status, json }) => [status, json['status']])).toEqual(
      Array.from({ length: 10 }, () => [409, 'busy']),
    );
    expect(before).toEqual(expect.arrayContaining(await connections()));
    // Who begins a drain says so at its end.
    expect(app.log()).not.toContain('drained');
    const elsewhere = await serveApp(config);
    const other = await elsewhere.post('/drain');
    expect(other).toMatchObject({ status: 409, json: { status: 'busy' } });
    expect(() => [...others, other].map(({ json }) => drainReportSchema.parse(json))).not.toThrow();
    answer.open();
    expect((await first).status).toBe(200);
    await app.close();
    await elsewhere.close();
  });

  test('goes on when the caller hangs up', async () => {
    const { receiver, config, order, database } = await shop();
    await order(1);
    const app = await serveApp(config);
    const answer = new Gate();
    receiver.answerWith(async () => {
      await answer.opened;
      return 204;
    });
    const caller = connect(app.port, '127.0.0.1');
    caller.write(
      `POST /drain HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\ncontent-length: 0\r\n\r\n`,
    );
    await receiver.waitFor(({ requests }) => requests.length === 1);
    caller.destroy();
    await once(caller, 'close');
    const drained = app.logged('drained');
    answer.open();
    await drained;
    await app.close();
    const runs = await database.query('select status from walhook.runs');
    expect(runs).toEqual([{ status: 'caught_up' }]);
  });

  test('ends cleanly when the server closes: what was sent is saved', async () => {
    const { receiver, config, order, pipeline } = await shop({
      concurrency: 1,
      batch: { maxEvents: 1 },
    });
    for (const id of [1, 2, 3]) await order(id);
    const app = await serveApp(config);
    const answer = new Gate();
    receiver.answerWith(async () => {
      await answer.opened;
      return 204;
    });
    const caller = app.post('/drain');
    await receiver.waitFor(({ requests }) => requests.length === 1);
    const closed = app.close(10_000);
    answer.open();
    const { status, json } = await caller;
    expect([status, json['status']]).toEqual([202, 'deadline']);
    await closed;
    receiver.answerWith(() => 204);
    await pipeline.drain();
    expect(receiver.events().map(({ after }) => after)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  test('is not begun by HEAD or OPTIONS', async () => {
    const { receiver, config, order } = await shop();
    await order(1);
    const app = await serveApp(config);
    const head = await app.ask('/drain', { method: 'HEAD' });
    expect([head.status, head.headers.get('allow')]).toEqual([405, 'POST, GET, OPTIONS']);
    const options = await app.ask('/drain', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, GET, OPTIONS']);
    expect(receiver.requests).toEqual([]);
    await app.close();
  });
});
