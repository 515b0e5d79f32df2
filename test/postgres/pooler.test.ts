import { connect as connectSocket, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Connection, connect, disconnect, query } from '../../src/postgres/connection.ts';
import { ownSession } from '../../src/postgres/own-session.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { doctor, type Diagnosis } from '../../src/operations/doctor/doctor.ts';
import { type PgBouncer, pgBouncerProgram, startPgBouncer } from '../support/pgbouncer.ts';
import { createPipeline } from '../support/pipeline.ts';
import { createTestDatabase } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';

// Run by hand through another pooler, these would be about that one.
const isSkipped = pgBouncerProgram === null || inject('poolerUrl') !== null;

/** One session for everybody: each transaction gets the same one again. */
let pooler: PgBouncer;

beforeAll(async () => {
  if (isSkipped) return;
  pooler = await startPgBouncer(pgBouncerProgram!, inject('serverUrl'), {
    default_pool_size: '1',
  });
});

afterAll(async () => {
  await pooler?.stop();
});

const options = { connectTimeoutMs: 10_000, applicationName: 'pooler test' };

async function connected<T>(url: string, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect({ ...options, url, statementTimeoutMs: 12_345 });
  try {
    return await use(connection);
  } finally {
    await disconnect(connection);
  }
}

const backend = 'select pg_backend_pid() as pid';

describe.skipIf(isSkipped)('behind PgBouncer in transaction mode', () => {
  it('no session is taken for its own, although it is the same one each time', async () => {
    const database = await createTestDatabase();
    const url = pooler.url(database.url);
    await connected(url, async (first) => {
      const [{ pid } = { pid: 0 }] = await query<{ pid: number }>(first, backend);
      for (let transaction = 0; transaction < 20; transaction += 1) {
        expect(await query(first, backend)).toEqual([{ pid }]);
      }
      expect(ownSession(first)).toBeNull();
      await connected(url, async (second) => {
        expect(await query(second, backend)).toEqual([{ pid }]);
        expect(ownSession(second)).toBeNull();
      });
    });
    await connected(database.url, async (direct) => {
      const [{ pid } = { pid: 0 }] = await query<{ pid: number }>(direct, backend);
      expect(ownSession(direct)).toMatchObject({ pid });
    });
    await pooler.stopPool(database.name);
  });

  it('also by a pooler that tells the process id of the session that it will give', async () => {
    const database = await createTestDatabase();
    const url = pooler.url(database.url);
    await connected(url, async (first) => {
      const [{ pid } = { pid: 0 }] = await query<{ pid: number }>(first, backend);
      // Older than two clocks may differ.
      await query(first, 'select pg_sleep(0.2)');
      const liar = await startLiar(new URL(url), pid);
      try {
        await connected(liar.url, async (second) => {
          expect((second as { processID?: number }).processID).toBe(pid);
          expect(await query(second, backend)).toEqual([{ pid }]);
          expect(ownSession(second)).toBeNull();
        });
      } finally {
        liar.close();
      }
    });
    await pooler.stopPool(database.name);
  });

  it('nothing that walhook sets stays in a session for the next client', async () => {
    const database = await createTestDatabase();
    const url = pooler.url(database.url);
    await connected(url, async (connection) => {
      const [{ pid } = { pid: 0 }] = await query<{ pid: number }>(connection, backend);
      await expect(query(connection, 'select 1 / 0')).rejects.toThrow('division by zero');
      // The next client of the same session.
      const next = new Client({ connectionString: url });
      await next.connect();
      expect((await next.query(backend)).rows).toEqual([{ pid }]);
      const { rows } = await next.query(
        // The pooler sets the first two, and the last is a transaction's own.
        `select name, setting from pg_settings where source in ('session', 'client')
           and name not in ('application_name', 'client_encoding', 'transaction_isolation')`,
      );
      expect(rows).toEqual([]);
      expect((await next.query('select name from pg_prepared_statements')).rows).toEqual([]);
      await next.end();
    });
    await pooler.stopPool(database.name);
  });

  it('a drain delivers, with no slot of its own and a lease without a session', async () => {
    const receiver = await startReceiver();
    const pipeline = await createPipeline(
      { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }] },
      'create table t (id int primary key)',
    );
    const { database, config } = pipeline;
    await database.query('insert into t select generate_series(1, 5000)');
    const url = pooler.url(config.database.url);
    const seen: unknown[] = [];
    const report = await pipeline.drain({
      config: { ...config, database: { ...config.database, url } },
      async onStep(step) {
        if (step !== 'window-read') return;
        seen.push(
          ...(await database.query(
            `select lease_session_pid as session,
                (select count(*)::int from pg_replication_slots
                 where temporary and database = current_database()) as slots
             from walhook.pipelines`,
          )),
        );
      },
    });
    expect(report).toMatchObject({ status: 'caught_up', events: 5_000, error: null });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((row) => JSON.stringify(row) === '{"session":null,"slots":0}')).toBe(true);
    await pooler.stopPool(database.name);
  });

  it('doctor says so, and what it costs', async () => {
    const pipeline = await createPipeline({ endpoints: [{ name: 'out', type: 'stdout' }] });
    const url = pooler.url(pipeline.config.database.url);
    const config = { ...pipeline.config, database: { ...pipeline.config.database, url } };
    const said: Diagnosis[] = [];
    await doctor(
      {
        withPipeline: (look) => withPipeline(config, nodePlatform, look),
        endpoints: [],
        reach: () => Promise.resolve(),
        now: Date.now,
      },
      (diagnosis) => said.push(diagnosis),
    );
    expect(said.find(({ name }) => name === 'connection')).toMatchObject({
      status: 'warning',
      found: 'through a pooler: no session of the server is its own',
      remedy: expect.stringContaining('cannot read ahead'),
    });
    expect(said.find(({ name }) => name === 'encryption')).toMatchObject({
      status: 'ok',
      found: 'not encrypted, on this machine',
    });
    await pooler.stopPool(pipeline.database.name);
  });
});

const KEY_DATA = 'K'.charCodeAt(0);
const KEY_DATA_LENGTH = 12;

/** Passes everything on, but for the process id that the pooler makes up: that becomes `pid`. */
async function startLiar(target: URL, pid: number) {
  const server = createServer((client) => {
    const upstream = connectSocket(Number(target.port), target.hostname);
    client.pipe(upstream);
    upstream.on('data', (bytes: Buffer) => {
      for (let at = 0; at + KEY_DATA_LENGTH < bytes.length; at += 1) {
        if (bytes[at] === KEY_DATA && bytes.readUInt32BE(at + 1) === KEY_DATA_LENGTH) {
          bytes.writeInt32BE(pid, at + 5);
        }
      }
      client.write(bytes);
    });
    upstream.on('close', () => client.destroy());
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, close: () => server.close() };
}
