import { beforeAll, expect, test } from 'vitest';
import { disconnect } from '../../src/postgres/connection.ts';
import { RELATION_ID } from '../../src/postgres/message-sql.ts';
import { WalProbe } from '../../src/postgres/wal-probe.ts';
import { parseLsn } from '../../src/pgoutput/lsn.ts';
import { connectToSource } from '../../src/runtime/connections.ts';
import { createTestDatabase } from '../support/database.ts';
import { setNextOid } from '../support/next-oid.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { startReceiver } from '../support/receiver.ts';

let server: Awaited<ReturnType<typeof startPrivateServer>>;

beforeAll(async () => {
  server = await startPrivateServer();
});

const BEYOND = [2 ** 16, 2 ** 24, 2 ** 31, 2 ** 32 - 2_000];

test('the id of a relation is read from its message, whatever it is', async () => {
  const database = await createTestDatabase();
  const edges = [...BEYOND, 2 ** 8, 2 ** 32 - 1].flatMap((oid) => [oid - 1, oid, oid + 1]);
  const ids = [...edges, 16_385, 65_793, 0x01020304, 0xf1e2d3c4].filter((id) => id < 2 ** 32);
  for (const id of ids) {
    const message = `49${id.toString(16).padStart(8, '0')}4e0001`;
    const [row] = await database.query<{ id: string }>(
      `select ${RELATION_ID} as id from (select decode('${message}', 'hex') as data) change`,
    );
    expect(Number(row!.id)).toBe(id);
  }
});

test.each(BEYOND)(
  'with object ids from %i on, rows come once, and what a drain notes is no news',
  async (oid) => {
    await setNextOid(server, oid);
    const receiver = await startReceiver();
    const pipeline = await createPipeline(
      { endpoints: [{ name: 'out', type: 'http', url: receiver.url }] },
      `create type mood as enum ('sad'); create type place as (mood mood, at int[]);
       create table orders (id int primary key, place place)`,
      server.url(),
    );
    const { database, config } = pipeline;
    const [table] = await database.query<{ oid: string }>(
      `select 'walhook.pipelines'::regclass::oid::text as oid`,
    );
    expect(Number(table!.oid)).toBeGreaterThan(oid);
    await database.query(`insert into orders values (1, '(sad,"{1,2}")')`);

    const first = await pipeline.drain();
    expect(first).toMatchObject({ error: null, events: 1 });
    expect(receiver.events()).toMatchObject([
      { key: { id: 1 }, after: { place: { mood: 'sad', at: [1, 2] } } },
    ]);

    const connection = await connectToSource(config);
    const { slot, publication } = config;
    const probe = new WalProbe(connection, { slot, publication, stateSchema: 'walhook' });
    probe.drainedThrough(parseLsn(first.target_lsn!));
    expect(await probe.hasNews(true)).toBe(false);
    await database.query('insert into orders values (2)');
    expect(await probe.hasNews(true)).toBe(true);
    await disconnect(connection);

    // The table's id and one of the state tables' that bits of it once made the same.
    expect(await pipeline.drain()).toMatchObject({ error: null, events: 1 });
    expect(receiver.events()).toHaveLength(2);
  },
);
