import { expect, test } from 'vitest';
import { isPooled, serverMajorVersion } from '../support/database.ts';
import { createPipeline, lsnOf, type TestPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { secret } from '../support/secrets.ts';

const http = (receiver: Receiver) =>
  ({ name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' }) as const;

const idsOf = (receiver: Receiver) =>
  receiver.events().map(({ after }) => (after as { id: number }).id);

/** What a drain wrote, as the server counted it. */
async function rowsWritten(pipeline: TestPipeline): Promise<Record<string, number>> {
  await pipeline.database.query('select pg_stat_clear_snapshot()');
  const rows = await pipeline.database.query<{ relname: string; writes: number }>(
    `select relname::text, (n_tup_ins + n_tup_upd + n_tup_del)::int as writes
     from pg_stat_user_tables where schemaname = 'walhook' order by relname`,
  );
  return Object.fromEntries(rows.map(({ relname, writes }) => [relname, writes]));
}

test('a drain reports from where to where it went, and what each endpoint got', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [http(receiver)] },
    'create table t (id int primary key)',
  );
  const before = await pipeline.slotAt();
  await pipeline.database.query('begin; insert into t values (1), (2); commit');
  await pipeline.database.query('insert into t values (3)');

  const report = await pipeline.drain();

  const at = await pipeline.slotAt();
  expect(report).toEqual({
    status: 'caught_up',
    run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    from_lsn: before,
    to_lsn: at,
    target_lsn: at,
    lag_bytes: expect.any(Number),
    windows: 1,
    transactions: 2,
    events: 3,
    duration_ms: expect.any(Number),
    endpoints: [
      {
        name: 'hooks',
        delivered: 3,
        filtered: 0,
        parked: 0,
        dead_lettered: 0,
        failed_attempts: 0,
        checkpoint: receiver.events().at(-1)?.['id'],
        state: 'active',
        error: null,
      },
    ],
    error: null,
  });
  expect(lsnOf(at)).toBeGreaterThan(lsnOf(before));
  const [last] = receiver.events().slice(-1);
  expect(lsnOf(at)).toBeGreaterThan(lsnOf(String(last?.['commit_lsn'])));
  const runs = await pipeline.database.query('select run_id, status, report from walhook.runs');
  expect(runs).toEqual([{ run_id: report.run_id, status: 'caught_up', report }]);
});

// A session tells the statistics what it wrote when it ends, and a pooler's does not.
test.skipIf(isPooled)(
  'a drain with nothing to do delivers nothing and writes no more than its lease',
  async () => {
    const receiver = await startReceiver();
    const pipeline = await createPipeline(
      { endpoints: [http(receiver)] },
      'create table t (id int primary key)',
    );
    await pipeline.database.query('insert into t values (1)');
    await pipeline.drain();
    const stored = await pipeline.database.query(
      'select endpoint, commit_lsn, seq, delivered, updated_at::text from walhook.endpoints',
    );
    const before = await rowsWritten(pipeline);

    for (let i = 0; i < 3; i++) {
      expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 0 });
    }

    expect(idsOf(receiver)).toEqual([1]);
    expect(
      await pipeline.database.query(
        'select endpoint, commit_lsn, seq, delivered, updated_at::text from walhook.endpoints',
      ),
    ).toEqual(stored);
    expect(await pipeline.database.query('select count(*)::int as n from walhook.runs')).toEqual([
      { n: 1 },
    ]);
    const after = await rowsWritten(pipeline);
    expect({ ...after, pipelines: 0 }).toEqual({ ...before, pipelines: 0 });
  },
);

test('the slot stays where it is while nothing is settled', async () => {
  const receiver = await startReceiver(() => 503);
  const pipeline = await createPipeline(
    { endpoints: [{ ...http(receiver), retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 } }] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  const [insert] = await pipeline.database.query<{ at: string }>(
    'select pg_current_wal_lsn()::text as at',
  );

  for (let i = 0; i < 2; i++) {
    expect((await pipeline.drain()).status).toBe('held');
    expect(lsnOf(await pipeline.slotAt())).toBeLessThan(lsnOf(insert!.at));
  }

  receiver.answerWith(() => 204);
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(lsnOf(await pipeline.slotAt())).toBeGreaterThan(lsnOf(insert!.at));
});

test('what is written while a drain runs waits for the next one', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [http(receiver)] },
    'create table t (id int primary key)',
  );
  const { database } = pipeline;
  let next = 10;
  receiver.answerWith(async () => {
    await database.query('insert into t values ($1)', [next++]);
    return 204;
  });
  await database.query('insert into t values (1)');

  const first = await pipeline.drain();
  expect(first.status).toBe('caught_up');
  expect(idsOf(receiver)).toEqual([1]);
  expect(first.lag_bytes).toBeGreaterThan(0);
  await pipeline.drain();
  expect(idsOf(receiver)).toEqual([1, 10]);
});

test('WAL that concerns nobody is passed over', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [http(receiver)], publication: 'narrow' },
    `create table t (id int primary key); create table other (id int, note text);
     create publication narrow for table t`,
  );
  await pipeline.database.query(
    `insert into other select n, repeat('x', 100) from generate_series(1, 5000) n`,
  );
  const [written] = await pipeline.database.query<{ at: string }>(
    'select pg_current_wal_flush_lsn()::text as at',
  );

  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 0 });

  expect(lsnOf(await pipeline.slotAt())).toBeGreaterThanOrEqual(lsnOf(written!.at));
  expect(receiver.requests).toHaveLength(0);
});

test('the slot passes an open transaction, whose changes come after it commits', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [http(receiver)] },
    'create table t (id int primary key)',
  );
  const open = await pipeline.database.client();
  await open.query('begin; insert into t values (1)');
  const [inserted] = await pipeline.database.query<{ at: string }>(
    'create table noise (); select pg_current_wal_insert_lsn()::text as at',
  );
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up', events: 0 });
  expect(lsnOf(await pipeline.slotAt())).toBeGreaterThanOrEqual(lsnOf(inserted!.at));

  await open.query('insert into t values (2); commit');
  expect((await pipeline.drain()).status).toBe('caught_up');
  expect(idsOf(receiver)).toEqual([1, 2]);
});

test('state tables in a publication for all tables do not feed the next drain', async () => {
  // Of its own: the lag counts all the WAL of a server, also that of other tests.
  const server = await startPrivateServer();
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [http(receiver)] },
    'create table t (id int primary key)',
    server.url(),
  );
  await pipeline.database.query('insert into t values (1)');
  await pipeline.drain();
  const slots = [lsnOf(await pipeline.slotAt())];
  const lags: (number | null)[] = [];
  for (let i = 0; i < 3; i++) {
    const report = await pipeline.drain();
    expect(report).toMatchObject({ status: 'caught_up', events: 0, transactions: 0 });
    slots.push(lsnOf(await pipeline.slotAt()));
    lags.push(report.lag_bytes);
  }
  for (const [i, at] of slots.slice(1).entries()) expect(at).toBeGreaterThan(slots[i]!);
  // Each leaves its own lease behind, and no more than that.
  expect(Math.max(...lags.map(Number))).toBeLessThan(64 << 10);
  expect(receiver.events()).toHaveLength(1);
});

test('a timeout of the role does not stop a drain whose reading takes longer', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [http(receiver)], publication: 'narrow', drain: { maxWindowBytes: 256 << 20 } },
    `create table t (id int primary key); create table other (id int, note text);
     create publication narrow for table t`,
  );
  const { database, config } = pipeline;
  const role = `role_${database.name}`;
  await database.query(`
    create role ${role} login superuser password '${secret('role')}';
    alter role ${role} set statement_timeout = '25ms'`);
  if (serverMajorVersion >= 17) {
    await database.query(`alter role ${role} set transaction_timeout = '50ms'`);
  }
  await database.query(`
    insert into other select n, repeat('x', 500) from generate_series(1, 60000) n;
    insert into t values (1)`);
  const limited = await pipeline.configured({
    database: { url: database.urlAs(role, secret('role')) },
  });

  const report = await limited.drain();

  expect(report.error).toBeNull();
  expect(report.status).toBe('caught_up');
  expect(idsOf(receiver)).toEqual([1]);
  await database.query(`drop role ${role}`);
  expect(config.publication).toBe('narrow');
});
