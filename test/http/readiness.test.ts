import { describe, expect, test } from 'vitest';
import { readinessOf } from '../../src/http/readiness.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { startReceiver } from '../support/receiver.ts';
import { serveApp } from './served-app.ts';

async function shop(serverUrl?: string) {
  const receiver = await startReceiver();
  const hooks = {
    name: 'hooks',
    type: 'http',
    url: receiver.url,
    onUnavailable: 'hold',
    retry: { attempts: 1, minDelayMs: 0 },
  } as const;
  const setUp = 'create table orders (id int primary key)';
  const pipeline = await createPipeline({ endpoints: [hooks] }, setUp, serverUrl);
  return { receiver, ...pipeline };
}

describe('readiness', () => {
  test('says of database, slot, state and each endpoint that it is well', async () => {
    const { config } = await shop();
    const app = await serveApp(config);
    expect(await app.ask('/ready')).toMatchObject({
      status: 200,
      json: {
        ready: true,
        checks: [
          { name: 'database', ok: true, reason: null },
          { name: 'slot', ok: true, reason: null },
          { name: 'state', ok: true, reason: null },
          { name: 'endpoint:hooks', ok: true, reason: null },
        ],
      },
    });
  });

  test('names the endpoint that holds the slot, and why; one that parks does not', async () => {
    const { config, database, receiver } = await shop();
    receiver.answerWith(() => 503);
    await database.query('insert into orders values (1)');
    const app = await serveApp(config);
    await app.post('/drain');
    const held = await app.ask('/ready');
    expect(held).toMatchObject({ status: 503, json: { ready: false } });
    expect(held.json['checks']).toContainEqual({
      name: 'endpoint:hooks',
      ok: false,
      reason: expect.stringContaining('503'),
    });
    const other = await serveApp(config);
    await other.post('/api/endpoints/hooks/pause', { park: true, reason: 'moving' });
    const parks = await other.ask('/ready');
    expect(parks.status).toBe(200);
    expect(parks.json['checks']).toContainEqual({
      name: 'endpoint:hooks',
      ok: true,
      reason: 'paused: moving',
    });
  });

  test('says that the slot is missing, or that the state tables are', async () => {
    const { config } = await shop();
    const slotless = await serveApp({ ...config, slot: 'no_such_slot' });
    const stateless = await serveApp({ ...config, state: { ...config.state, schema: 'nowhere' } });
    expect((await slotless.ask('/ready')).json['checks']).toContainEqual(
      expect.objectContaining({ name: 'slot', ok: false }),
    );
    const answer = await stateless.ask('/ready');
    expect(answer.status).toBe(503);
    expect(answer.json['checks']).toContainEqual(
      expect.objectContaining({ name: 'state', ok: false }),
    );
  });

  test('says within seconds that the database is away, and then that it is back', async () => {
    const server = await startPrivateServer();
    const { config } = await shop(server.url());
    await server.stop('fast');
    const app = await serveApp(config);
    const away = await app.ask('/ready');
    expect(away).toMatchObject({
      status: 503,
      json: { checks: [{ name: 'database', ok: false }] },
    });
    expect((await app.ask('/health')).status).toBe(200);
    const status = await app.ask('/api/status');
    expect(status).toMatchObject({ status: 503, json: { code: 'database_unreachable' } });
    const scraped = await app.ask('/metrics');
    expect(scraped.status).toBe(200);
    expect(scraped.text).toContain('replication_connection_status{pipeline="walhook"} 0\n');
    const page = await app.ask('/');
    expect(page.status).toBe(503);
    expect(page.text).toContain('One thing is wrong');
    await server.start();
    const fresh = await serveApp(config);
    expect((await fresh.ask('/ready')).status).toBe(200);
  });

  test('asks the database once a second, however many ask, and once until it answers', async () => {
    const { config } = await shop();
    const clock = new FakeClock();
    let asked = 0;
    const read = readinessOf({
      clock,
      withPipelineSoon: (use) => {
        asked += 1;
        return withPipeline(config, nodePlatform, use);
      },
    });
    const readings = await Promise.all([read(), read(), read()]);
    expect(readings.map((checks) => checks.every(({ ok }) => ok))).toEqual([true, true, true]);
    clock.advance(999);
    await read();
    expect(asked).toBe(1);
    clock.advance(1);
    await read();
    expect(asked).toBe(2);
  });

  test('does not wait for a database that never answers, and does not ask it again', async () => {
    const clock = new FakeClock();
    let asked = 0;
    const read = readinessOf({
      clock,
      withPipelineSoon: () => {
        asked += 1;
        return new Promise(() => undefined);
      },
    });
    for (const _ of [1, 2]) {
      const reading = read();
      clock.advance(4_000);
      expect(await reading).toMatchObject([{ name: 'database', ok: false }]);
    }
    expect(asked).toBe(1);
  });
});
