import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { serve, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { afterAll, expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';

const servers: ServerType[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function startHono(app: Hono): Promise<string> {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

test('a server that refuses large bodies unread gets all in smaller ones, at every drain', async () => {
  const ids = new Set<number>();
  const app = new Hono();
  app.post('/hook', bodyLimit({ maxSize: 102_400 }), async (c) => {
    const { events } = await c.req.json<{ events: { after: { id: number } }[] }>();
    for (const { after } of events) ids.add(after.id);
    return c.body(null, 204);
  });
  const pipeline = await createPipeline(
    {
      endpoints: [{ name: 'hooks', type: 'http', url: await startHono(app), concurrency: 16 }],
    },
    'create table t (id int primary key generated always as identity, text text)',
  );
  for (let drain = 1; drain <= 3; drain++) {
    await pipeline.database.query(
      "insert into t (text) select repeat('x', 300) from generate_series(1, 10000)",
    );
    expect(await pipeline.drain()).toMatchObject({
      status: 'caught_up',
      endpoints: [{ delivered: 10_000, dead_lettered: 0, state: 'active' }],
    });
    expect(ids.size).toBe(drain * 10_000);
  }
});
