import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { workerdProgram } from '../receiver/runtimes.ts';
import { bundleWorker } from './bundle.ts';
import { idsOf, insert, openShop, reports, type Shop, SIGNING, TOKEN, upTo } from './shop.ts';
import { serveWorker, type WorkerProcess } from './workerd.ts';
import { secret } from '../support/secrets.ts';

let bundle: string;
beforeAll(async () => {
  ({ text: bundle } = await bundleWorker({ file: 'src/entry/worker.ts' }));
});

const serve = (vars: Shop['vars'], worker = bundle): Promise<WorkerProcess> =>
  serveWorker(workerdProgram!, worker, { vars });

const trigger = (worker: WorkerProcess, headers: Record<string, string>, path = 'drain') =>
  fetch(`${worker.url}/${path}`, { method: 'POST', headers });

const authorized = { authorization: `Bearer ${TOKEN}` };

describe.skipIf(workerdProgram === null)('in workerd', () => {
  test('a schedule drains by variables alone, over a socket of the runtime', async () => {
    const shop = await openShop();
    const worker = await serve({ ...shop.vars, WALHOOK_ENDPOINTS_0_ORDERING: 'strict' });
    await insert(shop, 1, 1_500);

    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });

    const [first] = await reports(worker, 1);
    expect(first).toMatchObject({ status: 'caught_up', events: 1_500, error: null });
    expect(idsOf(shop.receiver)).toEqual(upTo(1_500));
    expect(shop.receiver.requests).toHaveLength(3);
    expect(shop.receiver.requests[0]?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(await shop.pipeline.slotAt()).toBe(first?.to_lsn);

    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
    const [, second] = await reports(worker, 2);
    expect(second).toMatchObject({ status: 'caught_up', events: 0 });
    expect(shop.receiver.requests).toHaveLength(3);
  });

  test('a request drains if it shows the token, and is told nothing without', async () => {
    const shop = await openShop();
    const worker = await serve(shop.vars);
    await insert(shop, 1, 10);

    for (const headers of [{}, { authorization: 'Bearer something-else-entirely' }]) {
      const refused = await trigger(worker, headers);
      expect(refused.status).toBe(401);
      expect(await refused.json()).toMatchObject({ code: 'unauthorized' });
    }
    expect(shop.receiver.requests).toEqual([]);
    expect((await fetch(`${worker.url}/health`)).status).toBe(200);

    const answer = await trigger(worker, authorized);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'caught_up', events: 10 });
    const status = await fetch(`${worker.url}/api/status`, { headers: authorized });
    expect(await status.json()).toMatchObject({ endpoints: [{ name: 'http', delivered: 10 }] });
    const metrics = await fetch(`${worker.url}/metrics`, { headers: authorized });
    expect(await metrics.text()).toContain('walhook_');
  });

  test('without a token it answers nobody but who asks whether it lives', async () => {
    const { vars } = await openShop();
    const { WALHOOK_TOKEN: _none, ...without } = vars;
    const worker = await serve(without);
    const refused = await trigger(worker, authorized);
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'token_missing' }]);
    expect((await fetch(`${worker.url}/health`)).status).toBe(200);
  });

  test(
    'a deadline in the middle of a large transaction ends a drain, and the next goes on there',
    { timeout: 120_000 },
    async () => {
      const rows = 30_000;
      const shop = await openShop();
      const { receiver } = shop;
      const worker = await serve({
        ...shop.vars,
        WALHOOK_ENDPOINTS_0_ORDERING: 'strict',
        WALHOOK_DRAIN_DEADLINE_MS: '0',
        WALHOOK_DRAIN_MAX_REQUESTS: '1000',
      });
      await insert(shop, 1, rows);
      const slotAt = await shop.pipeline.slotAt();
      receiver.answerWith((_request, nth) => (nth === 8 ? 'hang' : 204));

      // However little a busy machine gets done before a deadline, one of them meets the request that hangs.
      while (receiver.requests.length < 8) {
        const answer = await trigger(worker, authorized, 'drain?deadline=2s');
        expect(answer.status).toBe(202);
        expect(await answer.json()).toMatchObject({
          status: 'deadline',
          error: null,
          endpoints: [{ state: 'active' }],
        });
        // Not past a transaction that is half delivered.
        const commit = receiver.events()[0]?.['commit_lsn'];
        expect([slotAt, commit]).toContain(await shop.pipeline.slotAt());
      }
      expect(receiver.requests).toHaveLength(8);

      expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
      expect(await reports(worker, 1)).toMatchObject([{ status: 'caught_up' }]);
      // Of the request that was not answered nobody knows what became of it: it alone came again.
      const [hung, next] = receiver.requests.slice(7);
      expect(next?.headers['webhook-id']).toBe(hung?.headers['webhook-id']);
      const ids = receiver.requests
        .filter((request) => request !== hung)
        .flatMap(({ events }) => events.map(({ after }) => (after as { id: number }).id));
      expect(ids).toEqual(upTo(rows));
    },
  );

  test('of two drains at once, by a schedule or by request, one is busy', async () => {
    const shop = await openShop();
    const { receiver } = shop;
    const worker = await serve(shop.vars);
    await insert(shop, 1, 1);
    let answer!: () => void;
    const held = new Promise<void>((resolve) => (answer = resolve));
    receiver.answerWith(() => held.then(() => 204));
    const first = worker.scheduled();
    await receiver.waitFor(({ requests }) => requests.length === 1);

    const second = await trigger(worker, authorized);
    expect([second.status, await second.json()]).toMatchObject([409, { status: 'busy' }]);
    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
    expect(await reports(worker, 1)).toMatchObject([{ status: 'busy' }]);

    answer();
    expect(await first).toEqual({ outcome: 'ok' });
    expect(await reports(worker, 2)).toMatchObject([{ status: 'busy' }, { status: 'caught_up' }]);
    expect(receiver.requests).toHaveLength(1);
  });

  test('no run makes more requests than it may, and the next goes on', async () => {
    const shop = await openShop();
    const worker = await serve({
      ...shop.vars,
      WALHOOK_ENDPOINTS_0_BATCH_MAX_EVENTS: '10',
      WALHOOK_ENDPOINTS_0_ORDERING: 'strict',
      WALHOOK_DRAIN_MAX_REQUESTS: '4',
    });
    await insert(shop, 1, 100);

    for (const made of [4, 8, 10]) {
      expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
      expect(shop.receiver.requests).toHaveLength(made);
    }
    const statuses = (await reports(worker, 3)).map(({ status, error }) => [status, error]);
    expect(statuses).toEqual([
      ['deadline', null],
      ['deadline', null],
      ['caught_up', null],
    ]);
    expect(idsOf(shop.receiver)).toEqual(upTo(100));
  });

  test('unless it is told otherwise, a run makes 40 requests', async () => {
    const shop = await openShop();
    const worker = await serve({ ...shop.vars, WALHOOK_ENDPOINTS_0_BATCH_MAX_EVENTS: '1' });
    await insert(shop, 1, 50);
    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
    expect(shop.receiver.requests).toHaveLength(40);
    expect(await reports(worker, 1)).toMatchObject([{ status: 'deadline' }]);
  });

  test('what a redrive sends counts, too', async () => {
    const shop = await openShop();
    const worker = await serve({
      ...shop.vars,
      WALHOOK_ENDPOINTS_0_BATCH_MAX_EVENTS: '1',
      WALHOOK_DRAIN_MAX_REQUESTS: '4',
    });
    shop.receiver.answerWith(() => 422);
    await insert(shop, 1, 6);
    for (const made of [4, 6]) {
      await trigger(worker, authorized);
      expect(shop.receiver.requests).toHaveLength(made);
    }
    shop.receiver.answerWith(() => 204);

    const headers = { ...authorized, 'content-type': 'application/json' };
    const redrive = () =>
      fetch(`${worker.url}/api/dead-letters/redrive`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ all: true }),
      });
    const first = await (await redrive()).text();
    expect(shop.receiver.requests).toHaveLength(10);
    expect(first).toContain('drain.maxRequests is reached');
    await redrive();
    expect(shop.receiver.requests).toHaveLength(12);
    expect(new Set(idsOf(shop.receiver).slice(6))).toEqual(new Set(upTo(6)));
  });

  test('a run that got nothing delivered is listed as failed, and its log says why', async () => {
    const shop = await openShop();
    shop.receiver.answerWith(() => 401);
    const worker = await serve(shop.vars);
    await insert(shop, 1, 3);
    expect(await worker.scheduled()).toEqual({ outcome: 'exception' });
    expect(await reports(worker, 1)).toMatchObject([
      { status: 'held', endpoints: [{ state: 'held', error: expect.stringContaining('401') }] },
    ]);
  });

  test('what only Node can do is refused, everything at once, and told to nobody without a token', async () => {
    const { vars } = await openShop();
    const { HTTP_ENDPOINT_URL: _none, WALHOOK_SIGNING_SECRET: _neither, ...without } = vars;
    const worker = await serve({
      ...without,
      WALHOOK_DRAIN_READER: 'copy',
      EMAIL_SMTP_HOST: 'smtp.example.com',
      EMAIL_FROM: 'walhook@example.com',
      EMAIL_TO: 'ops@example.com',
    });
    expect(await worker.scheduled()).toEqual({ outcome: 'exception' });
    const answer = await trigger(worker, authorized);
    expect(answer.status).toBe(500);
    const told = await answer.text();
    expect(JSON.parse(told)).toMatchObject({ code: 'config_invalid' });
    expect(told).not.toMatch(/endpoints|alerts|reader/);
    const [line] = await worker.said.waitFor(/"msg":"cannot start"/);
    expect(JSON.parse(line!)).toMatchObject({
      error: {
        problems: [
          { variable: 'HTTP_ENDPOINT_URL', got: expect.stringMatching(/^"stdout"/) },
          { path: 'alerts[0].type', got: '"email"', wants: expect.stringMatching(/^webhook/) },
          { path: 'drain.reader', got: '"copy"', wants: expect.stringMatching(/^rows or auto/) },
        ],
      },
    });
  });

  test('no secret is in a log or an answer', async () => {
    const shop = await openShop();
    const worker = await serve({
      ...shop.vars,
      DATABASE_URL: shop.vars['DATABASE_URL']!.replace(
        /:\/\/([^:@]*)[^@]*@/,
        `://$1:${secret('database')}@`,
      ),
      HTTP_ENDPOINT_URL: `${shop.receiver.url}?token=${secret('query')}`,
      WALHOOK_LOG_LEVEL: 'debug',
    });
    shop.receiver.answerWith(() => ({ status: 400, body: `no ${SIGNING} ${secret('query')}` }));
    await insert(shop, 1, 1);
    await worker.scheduled();
    const answer = await trigger(worker, authorized);
    await reports(worker, 1);
    const everything = [await answer.text(), ...worker.said.all, ...worker.errors.all].join('\n');
    expect(everything).toContain('drained');
    for (const hidden of [TOKEN, SIGNING, secret('database'), secret('query')]) {
      expect(everything).not.toContain(hidden);
    }
  });

  test('the example drains as its configuration file says', async () => {
    const shop = await openShop();
    const example = await bundleWorker({ file: 'examples/cloudflare-worker/worker.ts' });
    const { HTTP_ENDPOINT_URL: url, WALHOOK_SIGNING_SECRET: signing, ...vars } = shop.vars;
    const worker = await serve(
      { ...vars, BILLING_URL: url!, BILLING_SECRET: signing! },
      example.text,
    );
    await insert(shop, 1, 4);
    await shop.pipeline.database.query("update orders set status = 'paid' where id = 2");

    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });

    expect(shop.receiver.events()).toMatchObject([{ op: 'update', after: { status: 'paid' } }]);
    expect(await reports(worker, 1)).toMatchObject([
      { endpoints: [{ delivered: 1, filtered: 4 }] },
    ]);
  });

  test('a configuration may be made from the bindings; rates and transforms work as elsewhere', async () => {
    const shop = await openShop();
    const { text } = await bundleWorker({
      source: `
        import { createWorker } from './src/entry/worker.ts';
        export default createWorker((env) => ({
          database: { url: env.DATABASE_URL },
          endpoints: [{
            name: 'fast', type: 'http', url: env.HTTP_ENDPOINT_URL, ordering: 'strict',
            batch: { maxEvents: 1 }, rateLimit: { requests: 2, perMs: 50 },
            transform: async (event) => ({ ...event, after: { ...event.after, status: 'seen' } }),
          }],
        }));`,
    });
    const worker = await serve(shop.vars, text);
    await insert(shop, 1, 5);
    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
    expect(shop.receiver.events().map(({ after }) => after)).toEqual(
      upTo(5).map((id) => ({ id, status: 'seen' })),
    );
  });

  test.skipIf(process.platform !== 'linux')(
    'a transaction that is larger than its heap fits through it (skipped without /proc)',
    { timeout: 120_000 },
    async () => {
      const shop = await openShop();
      const worker = await serve({
        ...shop.vars,
        WALHOOK_DRAIN_DEADLINE_MS: '0',
        WALHOOK_DRAIN_MAX_REQUESTS: '1000',
      });
      const peaks: number[] = [];
      // 20 MB of rows, then 75 MB.
      for (const [from, to] of [
        [1, 40_000],
        [40_001, 190_000],
      ]) {
        await shop.pipeline.database.query(
          "insert into orders select n, repeat('x', 500) from generate_series($1::int, $2::int) n",
          [from, to],
        );
        expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
        peaks.push(peakBytes(worker));
      }
      const drained = (await reports(worker, 2)).map(({ status, events }) => [status, events]);
      expect(drained).toEqual([
        ['caught_up', 40_000],
        ['caught_up', 150_000],
      ]);
      expect(peaks[1]! - peaks[0]!).toBeLessThan(64 << 20);
    },
  );
});

/** The most memory that the process had so far. */
function peakBytes({ pid }: WorkerProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)![1]) * 1024;
}
