import { expect, onTestFinished, test } from 'vitest';
import { Drainer } from '../../src/runtime/drainer.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { isPooled } from '../support/database.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

async function shop(endpoint: Record<string, unknown> = {}) {
  const receiver = await startReceiver();
  const hooks = { name: 'hooks', type: 'http', url: receiver.url, ...endpoint } as const;
  const pipeline = await createPipeline(
    { endpoints: [hooks] },
    'create table orders (id int primary key)',
  );
  const { database, config } = pipeline;
  const drainer = new Drainer({ config, platform: nodePlatform, log: silent });
  onTestFinished(() => drainer.close());
  return {
    receiver,
    database,
    drainer,
    order: (id: number) => database.query('insert into orders values ($1)', [id]),
    /** The server's sessions with walhook. */
    async sessions() {
      const rows = await database.query<{ pid: number }>(
        `select pid from pg_stat_activity
         where datname = current_database() and application_name like 'walhook:%' order by pid`,
      );
      return rows.map(({ pid }) => pid);
    },
  };
}

test('drains one after the other share their connections, which end with them', async () => {
  const { drainer, order, sessions, receiver } = await shop();
  const seen: number[][] = [];
  for (let id = 1; id <= 3; id += 1) {
    await order(id);
    expect(await drainer.drain()).toMatchObject({ status: 'caught_up', events: 1 });
    seen.push(await sessions());
  }
  expect(seen[0]).toHaveLength(1);
  expect(seen).toEqual([seen[0], seen[0], seen[0]]);
  expect(new Set(receiver.requests.map(({ peerPort }) => peerPort)).size).toBe(1);
  await drainer.close();
  // A pooler keeps its sessions with the server for the next client.
  await expect.poll(async () => isPooled || (await sessions()).length === 0).toBe(true);
});

test('a session that was cut in between is replaced, and nothing lost', async () => {
  const { drainer, order, sessions, database, receiver } = await shop();
  await order(1);
  await drainer.drain();
  const [pid] = await sessions();
  await database.query('select pg_terminate_backend($1, 5000)', [pid]);
  await order(2);
  expect(await drainer.drain()).toMatchObject({ status: 'caught_up', events: 1 });
  expect(receiver.events().map(({ after }) => after)).toEqual([{ id: 1 }, { id: 2 }]);
  expect(await sessions()).not.toContain(pid);
});

test('two drains at once are well: the lease decides', async () => {
  const { drainer, order, receiver } = await shop();
  for (let id = 1; id <= 5; id += 1) {
    await order(id);
    const both = await Promise.all([drainer.drain(), drainer.drain()]);
    for (const { status } of both) expect(['caught_up', 'busy']).toContain(status);
  }
  await drainer.drain();
  const ids = receiver.events().map(({ after }) => (after as { id: number }).id);
  expect(ids).toEqual([1, 2, 3, 4, 5]);
});

test('a rate limit holds over all the drains of a process', async () => {
  const { drainer, order, receiver } = await shop({ rateLimit: { requests: 1, perMs: 3_600_000 } });
  await order(1);
  expect((await drainer.drain()).status).toBe('caught_up');
  await order(2);
  const stop = new AbortController();
  const onStep = (step: string): void => void (step === 'window-read' && stop.abort());
  expect((await drainer.drain({ signal: stop.signal, onStep })).status).toBe('deadline');
  expect(receiver.events().map(({ after }) => after)).toEqual([{ id: 1 }]);
});
