import { expect, test, vi } from 'vitest';
import type { ChangeEvent } from '../../src/changes/change-event.ts';
import { Dispatcher } from '../../src/delivery/dispatcher.ts';
import { peek } from '../../src/operations/peek.ts';
import { formatLsn } from '../../src/pgoutput/lsn.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { isPooled, serverMajorVersion } from '../support/database.ts';
import { createPipeline, lsnOf } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const http = (receiver: Receiver, name = 'hooks') =>
  ({ name, type: 'http', url: receiver.url, ordering: 'strict' }) as const;

type Inserted = { readonly after: { readonly id: number } };

const idsOf = (receiver: Receiver) =>
  (receiver.events() as unknown as Inserted[]).map(({ after }) => after.id);

/** Each change of its own transaction; a row with n = 0 is one that the server fails to filter. */
async function filteredPipeline(receivers: readonly Receiver[]) {
  const pipeline = await createPipeline(
    { endpoints: receivers.map((receiver, index) => http(receiver, `hooks${index}`)) },
    'create table t (id int primary key, n int); create table other (id int primary key)',
  );
  await pipeline.database.query(
    `drop publication walhook;
     create publication walhook for table other, t where (1 / n > -1)`,
  );
  await pipeline.database.query('update walhook.pipelines set publication_oid = null');
  return pipeline;
}

test.skipIf(serverMajorVersion < 15)(
  'what committed before a transaction that the server cannot output is delivered, and the failure names it',
  async () => {
    const receiver = await startReceiver();
    const pipeline = await filteredPipeline([receiver]);
    const { database } = pipeline;
    await database.query('insert into other values (1)');
    await database.query('insert into other values (2), (3)');
    const [bad] = await database.query<{ at: string; xid: number }>(
      `begin; insert into other values (100); insert into t values (1, 0);
       select pg_current_wal_lsn()::text as at, pg_current_xact_id()::text::int as xid`,
    );
    await database.query('commit');
    const [after] = await database.query<{ at: string }>('select pg_current_wal_lsn()::text as at');
    await database.query('insert into other values (4)');

    const printed: string[] = [];
    const looked = withPipeline(pipeline.config, nodePlatform, (access) =>
      peek(access, { limit: 100, keys: new Map(), print: (json) => printed.push(json) }),
    );
    await expect(looked).rejects.toMatchObject({ code: 'transaction_unreadable' });
    expect(printed.map((json) => (JSON.parse(json) as Inserted).after.id)).toEqual([1, 2, 3]);

    const report = await pipeline.drain();

    expect(idsOf(receiver)).toEqual([1, 2, 3]);
    expect(report).toMatchObject({ status: 'failed', error: { code: 'transaction_unreadable' } });
    const commit = report.error!.detail!;
    // A copy of the slot tells more, and needs a session of its own.
    const said = isPooled
      ? [`that committed at ${commit}`, ': division by zero (22012)']
      : [`to ${commit} (xid ${bad!.xid})`, 'of public.t: division by zero (22012)'];
    for (const words of said) expect(report.error!.message).toContain(words);
    expect(report.error!.remedy).toContain(`walhook skip --to ${commit}`);
    expect(lsnOf(commit)).toBeGreaterThanOrEqual(lsnOf(bad!.at));
    expect(lsnOf(commit)).toBeLessThan(lsnOf(after!.at));
    expect(lsnOf(await pipeline.slotAt())).toBeLessThanOrEqual(lsnOf(commit));
    expect(lsnOf(await pipeline.slotAt())).toBeGreaterThanOrEqual(lsnOf(bad!.at));
    expect(await pipeline.drain()).toMatchObject({ error: report.error });
    expect(idsOf(receiver)).toEqual([1, 2, 3]);
  },
);

test.skipIf(serverMajorVersion < 15)(
  'an endpoint that is held keeps the slot, and the other gets what stands before it, once',
  async () => {
    const up = await startReceiver();
    const down = await startReceiver(() => 503);
    const pipeline = await filteredPipeline([up, down]);
    const failing = await pipeline.configured({ drain: { reader: 'rows', maxWindowChanges: 100 } });
    const { database } = failing;
    for (let id = 1; id <= 400; id += 200) {
      await database.query(`insert into other select generate_series(${id}, ${id + 199})`);
    }
    await database.query('insert into t values (1, 0)');
    await database.query('insert into t values (2, 0)');
    await database.query('insert into other values (402)');
    const all = Array.from({ length: 400 }, (_, index) => index + 1);

    const report = await failing.drain();
    expect(report.error?.code).toBe('transaction_unreadable');
    expect(report.endpoints.map(({ state }) => state)).toEqual(['active', 'held']);
    expect((await failing.drain()).error?.detail).toBe(report.error?.detail);
    expect(idsOf(up)).toEqual(all);

    down.answerWith(() => 204);
    await failing.forgetFailures();
    expect((await failing.drain()).error?.detail).toBe(report.error?.detail);
    expect(idsOf(up)).toEqual(all);
    expect(
      down
        .events()
        .slice(-400)
        .map(({ after }) => (after as { id: number }).id),
    ).toEqual(all);
  },
);

test('a change that cannot be taken in is named with its transaction, and what committed before it is delivered', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [http(receiver)] },
    'create table t (id int primary key)',
  );
  await pipeline.database.query('insert into t values (1)');
  await pipeline.database.query('insert into t values (2), (3)');
  await pipeline.database.query('insert into t values (4)');
  const taken: ChangeEvent[] = [];
  const { offer } = Dispatcher.prototype;
  const offering = vi.spyOn(Dispatcher.prototype, 'offer').mockImplementation(function (
    this: Dispatcher,
    event,
  ) {
    taken.push(event);
    if (taken.length === 3) throw new RangeError('Invalid typed array length: 4294967296');
    return offer.call(this, event);
  });

  const report = await pipeline.drain();
  offering.mockRestore();

  const { transaction } = taken[2]!;
  const commit = formatLsn(transaction.commitLsn);
  expect(report).toMatchObject({ status: 'failed', error: { code: 'internal', detail: commit } });
  expect(report.error!.message).toMatch(`${commit} (xid ${transaction.xid}), its change at `);
  expect(report.error!.message).toMatch(
    'of public.t cannot be taken in: Invalid typed array length: 4294967296',
  );
  expect(report.error!.remedy).toContain(`walhook skip --to ${commit}`);
  expect(idsOf(receiver)[0]).toBe(1);
  expect(lsnOf(await pipeline.slotAt())).toBeLessThanOrEqual(lsnOf(commit));
  expect(lsnOf(await pipeline.slotAt())).toBeGreaterThan(taken[0]!.transaction.commitLsn);
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
  expect(new Set(idsOf(receiver))).toEqual(new Set([1, 2, 3, 4]));
});
