import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { serve } from '../../src/runtime/serve.ts';
import { createPipeline } from '../support/pipeline.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import { startReceiver } from '../support/receiver.ts';
import { secret } from '../support/secrets.ts';

const TABLE = 'create table orders (id int primary key)';
const TOKEN = secret('token');

async function shop(endpoint: Record<string, unknown> = {}) {
  const receiver = await startReceiver();
  const hooks = { name: 'hooks', type: 'http', url: receiver.url, ...endpoint } as const;
  const http = { host: '127.0.0.1', port: 0, tokens: [TOKEN] };
  const pipeline = await createPipeline({ endpoints: [hooks], http }, TABLE);
  const { database, config } = pipeline;
  return {
    receiver,
    database,
    config,
    order: (id: number) => database.query('insert into orders values ($1)', [id]),
    received: () => receiver.events().map(({ after }) => (after as { id: number }).id),
  };
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

function startServing(config: ResolvedConfig) {
  const stop = new AbortController();
  const { signal } = stop;
  const listening = new EventEmitter();
  const url = once(listening, 'url').then(([said]) => String(said));
  const onListening = (said: string): void => void listening.emit('url', said);
  const ended = serve({ config, platform: nodePlatform, log: silent, signal, onListening });
  return {
    url,
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}

describe('serving', () => {
  test('delivers what is committed, without anybody asking for it', async () => {
    const { config, order, receiver, received } = await shop();
    await order(1);
    const serving = startServing(config);
    await receiver.waitFor(() => received().includes(1));
    await order(2);
    await receiver.waitFor(() => received().includes(2));
    await order(3);
    await receiver.waitFor(() => received().includes(3));
    expect(received()).toEqual([1, 2, 3]);
    expect(await serving.stop()).toBe(true);
  });

  test('answers over HTTP meanwhile, and takes a trigger for what it is', async () => {
    const { config, order, receiver, received } = await shop();
    const serving = startServing(config);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const url = await serving.url;
    await order(1);
    const answer = await fetch(`${url}/drain`, { method: 'POST', headers });
    expect([200, 409]).toContain(answer.status);
    await receiver.waitFor(() => received().includes(1));
    expect((await fetch(`${url}/ready`, { headers })).status).toBe(200);
    expect(await serving.stop()).toBe(true);
    expect(received()).toEqual([1]);
  });

  test('comes back to an endpoint that was down, without new WAL', async () => {
    const { config, order, receiver, received } = await shop({
      onUnavailable: 'hold',
      retry: { attempts: 1, minDelayMs: 0 },
      circuitBreaker: { failures: 1, resetMs: 1 },
    });
    receiver.answerWith((_, nth) => (nth === 1 ? 503 : 204));
    await order(1);
    const serving = startServing(config);
    await receiver.waitFor(({ requests }) => requests.length >= 2);
    expect(received()).toEqual([1, 1]);
    expect(await serving.stop()).toBe(true);
  });

  test('goes on after its connections were cut', async () => {
    const { config, order, receiver, received, database } = await shop();
    const serving = startServing(config);
    await order(1);
    await receiver.waitFor(() => received().includes(1));
    await database.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where datname = $1 and application_name like 'walhook%'`,
      [database.name],
    );
    await order(2);
    await receiver.waitFor(() => received().includes(2));
    expect(await serving.stop()).toBe(true);
  });

  test('by two instances delivers each event once', async () => {
    const { config, order, receiver, received } = await shop();
    const serving = [startServing(config), startServing(config)];
    for (let id = 1; id <= 20; id++) await order(id);
    await receiver.waitFor(() => received().length >= 20);
    for (const each of serving) expect(await each.stop()).toBe(true);
    const inOrder = received().sort((a, b) => a - b);
    expect(inOrder).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test('ends within its bound although an endpoint does not answer', async () => {
    const { config, order, receiver } = await shop();
    receiver.answerWith(() => 'hang');
    await order(1);
    const serving = startServing({ ...config, serve: { ...config.serve, shutdownMs: 50 } });
    await receiver.waitFor(({ requests }) => requests.length === 1);
    expect(await serving.stop()).toBe(false);
    await receiver.close();
  });
});
