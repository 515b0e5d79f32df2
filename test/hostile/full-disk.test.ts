import { startOnSmallDisk, type SmallDisk } from './small-disk.ts';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

let disk: SmallDisk | null;

beforeAll(async () => {
  disk = await startOnSmallDisk();
});

beforeEach(({ skip }) => {
  skip(disk === null, 'no disk can be mounted here: that takes root on Linux');
});

const ROWS = 40;
/** Text that does not compress, 64 kB of it a row. */
const INSERT = `
  insert into t select id, string_agg(md5(id || '.' || n), '')
  from generate_series(1, ${ROWS}) id, generate_series(1, 2000) n group by id order by id`;
const endpointTo = (receiver: Receiver) =>
  ({ name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' }) as const;

const allRows = Array.from({ length: ROWS }, (_, index) => index + 1);

test.each(['beside the tables', 'alone'])(
  'a disk that is full under the state tables %s: drains fail and say so, nothing is lost, and with room they go on',
  async (where) => {
    const { server, fill, makeRoom } = disk!;
    const receiver = await startReceiver(() => 422);
    const kept = where === 'alone' ? await createTestDatabase(server.url()) : null;
    const pipeline = await createPipeline(
      {
        endpoints: [endpointTo(receiver)],
        ...(kept !== null && { state: { url: kept.url } }),
      },
      'create table t (id int primary key, body text)',
      kept === null ? server.url() : undefined,
    );
    const state = kept ?? pipeline.database;
    await pipeline.database.query(INSERT);
    // What is written of WAL from here on has room in this segment.
    await state.query('select pg_switch_wal(); checkpoint');
    fill();
    const before = await pipeline.slotAt();

    for (const _ of [1, 2]) {
      const { status, error } = await pipeline.drain();
      expect({ status, code: error?.code }).toEqual({
        status: 'failed',
        code: 'database_query_failed',
      });
      expect(error!.message).toContain('No space left on device');
    }
    expect(await pipeline.slotAt()).toBe(before);

    makeRoom();
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
    const letters = await state.query<{ id: number }>(
      `select (body::json -> 'after' ->> 'id')::int as id from walhook.dead_letters order by 1`,
    );
    expect(letters.map(({ id }) => id)).toEqual(allRows);
  },
  60_000,
);

test('a disk so full that the server ends in the middle of a drain: what was confirmed and not recorded is sent again', async () => {
  const { server, fill, makeRoom } = disk!;
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ ...endpointTo(receiver), batch: { maxEvents: 10 } }] },
    'create table t (id int primary key, body text)',
    server.url(),
  );
  const { database } = pipeline;
  await database.query(INSERT);
  const writer = await database.client();
  const fillWal = async (): Promise<void> => {
    fill();
    await writer.query('begin');
    for (;;) {
      await writer.query(`select pg_logical_emit_message(true, 'x', repeat('x', 1000000))`);
    }
  };
  // The server ends at a page of WAL that it cannot write.
  receiver.answerWith(async (_request, nth) => {
    if (nth === 2) await fillWal().catch(() => undefined);
    return 204;
  });

  // The session that cannot write says why; to the others the server is gone.
  for (const _ of ['in the middle', 'after it']) {
    const { status, error } = await pipeline.drain();
    expect(status).toBe('failed');
    expect(`${error!.code}: ${error!.message}`).toMatch(
      /^database_(connection_lost|unreachable)|^database_query_failed: .*No space left on device/,
    );
  }

  makeRoom();
  // It may have got no further than to its recovery.
  await server.stop('immediate').catch(() => undefined);
  await server.start();
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', error: null });
  const got = receiver.events().map(({ after }) => (after as { id: number }).id);
  expect([...new Set(got)]).toEqual(allRows);
  expect(receiver.requests.length).toBeGreaterThan(ROWS / 10);
}, 90_000);
