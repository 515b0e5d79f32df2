import { expect, test } from 'vitest';
import { disconnect } from '../../src/postgres/connection.ts';
import { WalProbe } from '../../src/postgres/wal-probe.ts';
import { connectToSource } from '../../src/runtime/connections.ts';
import { parseLsn } from '../../src/pgoutput/lsn.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';

const TABLE = 'create table orders (id int primary key); create table notes (id int)';

async function probed<T>(pipeline: TestPipeline, use: (probe: WalProbe) => Promise<T>): Promise<T> {
  const { config } = pipeline;
  const connection = await connectToSource(config);
  const { slot, publication } = config;
  try {
    return await use(new WalProbe(connection, { slot, publication, stateSchema: 'walhook' }));
  } finally {
    await disconnect(connection);
  }
}

test('a commit is news, and what a drain wrote itself is not', async () => {
  // A server of its own: others write WAL at any time.
  const server = await startPrivateServer();
  const endpoints = [{ name: 'out', type: 'http', url: 'http://127.0.0.1:9/' }] as const;
  const pipeline = await createPipeline({ endpoints: [...endpoints] }, TABLE, server.url());
  await probed(pipeline, async (probe) => {
    expect(await probe.hasNews(true)).toBe(true);
    const { target_lsn: target } = await pipeline.drain();
    probe.drainedThrough(parseLsn(target!));
    expect(await probe.hasNews(true)).toBe(false);
    expect(await probe.hasNews(true)).toBe(false);
    await pipeline.database.query('insert into orders values (1)');
    expect(await probe.hasNews(true)).toBe(true);
    // Looking consumed nothing.
    expect(await probe.hasNews(true)).toBe(true);
  });
});

test('in a busy time all WAL is news, without a look into the slot', async () => {
  const server = await startPrivateServer();
  const endpoints = [{ name: 'out', type: 'http', url: 'http://127.0.0.1:9/' }] as const;
  const pipeline = await createPipeline({ endpoints: [...endpoints] }, TABLE, server.url());
  await probed(pipeline, async (probe) => {
    const { target_lsn: target } = await pipeline.drain();
    probe.drainedThrough(parseLsn(target!));
    expect(await probe.hasNews(false)).toBe(true);
  });
});

test('what an endpoint would not take is no news to look at again; what is committed then is', async () => {
  const server = await startPrivateServer();
  const endpoints = [
    { name: 'out', type: 'http', url: 'http://127.0.0.1:9/', onUnavailable: 'hold' },
  ] as const;
  const pipeline = await createPipeline({ endpoints: [...endpoints] }, TABLE, server.url());
  await pipeline.database.query('insert into orders values (1)');
  await probed(pipeline, async (probe) => {
    const { status, target_lsn: target } = await pipeline.drain();
    expect(status).toBe('held');
    expect(await probe.hasNews(true)).toBe(true);
    probe.drainedThrough(parseLsn(target!));
    expect(await probe.hasNews(true)).toBe(false);
    await pipeline.database.query('insert into orders values (2)');
    expect(await probe.hasNews(true)).toBe(true);
  });
});
