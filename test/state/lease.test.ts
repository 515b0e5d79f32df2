import { describe, expect, test } from 'vitest';
import { toLsn } from '../../src/pgoutput/lsn.ts';
import { createStateStore } from '../../src/state/create-state-store.ts';
import {
  acquire,
  acquired,
  leaseRequest,
  letLeaseRunOut,
  openRegisteredStore,
  RECORD,
} from './registered-store.ts';
import { endSession, holdWithEndedSession, sessionOf, untilBlocked } from './server-sessions.ts';

describe('acquiring', () => {
  test('the first gets the lease and the record as it was before its announcement', async () => {
    const { store } = await openRegisteredStore();
    const target = toLsn(0xffff_0000_1234n);

    const first = acquired(await store.acquireLease(leaseRequest({ target })));

    expect(first.record).toEqual(RECORD);
    expect(first.lease).toEqual({ pipeline: 'shop', token: 1n });
    expect((await store.loadPipeline('shop'))?.announcedLsn).toBe(target);
  });

  test('whoever holds it may take it again, and what it was given before is void', async () => {
    const { store, another } = await openRegisteredStore();
    const before = await acquire(store, { owner: 'me' });
    const again = acquired(await (await another()).acquireLease(leaseRequest({ owner: 'me' })));
    expect(again.lease.token).toBeGreaterThan(before.token);
    await expect(store.renewLease(before, 1_000)).rejects.toMatchObject({ code: 'lease_lost' });
    const other = await store.acquireLease(leaseRequest({ owner: 'somebody else' }));
    expect(other).toMatchObject({ kind: 'busy', owner: 'me' });
  });

  test('a slot that stands beyond what was announced lets nothing more be announced', async () => {
    const { store } = await openRegisteredStore();
    const beyond = toLsn(RECORD.announcedLsn + 1n);
    const outcome = await store.acquireLease(
      leaseRequest({ slotAt: beyond, target: toLsn(0x9000n) }),
    );
    expect(outcome.kind).toBe('acquired');
    expect((await store.loadPipeline('shop'))?.announcedLsn).toBe(RECORD.announcedLsn);
  });

  test('a target behind what was announced takes nothing back', async () => {
    const { store } = await openRegisteredStore();
    await acquire(store, { target: toLsn(0x10n) });
    expect((await store.loadPipeline('shop'))?.announcedLsn).toBe(RECORD.announcedLsn);
  });

  test('the second is told who has it and until when, by the clock of the database', async () => {
    const { database, store, another } = await openRegisteredStore();
    await acquire(store, { owner: 'first', ttlMs: 3_600_000 });

    const outcome = await (await another()).acquireLease(leaseRequest({ owner: 'second' }));

    const [row] = await database.query<{ ms: string }>(
      'select floor(extract(epoch from lease_expires_at) * 1000) as ms from walhook.pipelines',
    );
    expect(outcome).toEqual({
      kind: 'busy',
      owner: 'first',
      expiresAt: new Date(Number(row?.ms)),
    });
    const [left] = await database.query<{ seconds: number }>(
      `select extract(epoch from lease_expires_at - now())::int as seconds from walhook.pipelines`,
    );
    expect(left?.seconds).toBeGreaterThan(3_500);
    expect(left?.seconds).toBeLessThanOrEqual(3_600);
  });

  test('a busy one leaves the announcement and the token alone', async () => {
    const { database, store, another } = await openRegisteredStore();
    await acquire(store);
    await (await another()).acquireLease(leaseRequest({ target: toLsn(0x9999n) }));
    expect(
      await database.query('select announced_lsn::text, lease_token from walhook.pipelines'),
    ).toEqual([{ announced_lsn: '0/1000', lease_token: '1' }]);
  });

  test('of many at once exactly one gets it, every time', async () => {
    const under = await openRegisteredStore();
    const stores = await Promise.all(Array.from({ length: 16 }, () => under.another()));

    for (let round = 1; round <= 25; round += 1) {
      const outcomes = await Promise.all(
        stores.map((store, at) => store.acquireLease(leaseRequest({ owner: `drainer ${at}` }))),
      );
      const winners = outcomes.filter(({ kind }) => kind === 'acquired').map(acquired);
      expect(winners.map(({ lease }) => lease.token)).toEqual([BigInt(round)]);
      if (round % 2 === 0) await letLeaseRunOut(under);
      else await under.store.releaseLease(winners[0]!.lease, null);
    }
  });

  test('of many at once exactly one gets it from a session that is gone', async () => {
    const under = await openRegisteredStore();
    const stores = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const client = await under.database.client();
        return {
          store: createStateStore({ client, schema: 'walhook' }),
          session: await sessionOf(client),
        };
      }),
    );

    for (let round = 0; round < 15; round += 1) {
      await holdWithEndedSession(under);
      const outcomes = await Promise.all(
        stores.map(({ store, session }) => store.acquireLease(leaseRequest({ session }))),
      );
      expect(outcomes.filter(({ kind }) => kind === 'acquired')).toHaveLength(1);
      await letLeaseRunOut(under);
    }
  });

  test('a drainer that connected while another waited keeps its lease', async () => {
    const under = await openRegisteredStore();
    await holdWithEndedSession(under);
    const waiting = await under.database.client();
    const { pid } = await sessionOf(waiting);
    const blocker = await under.database.client();
    await blocker.query('begin; select 1 from walhook.pipelines for update');
    const waiter = createStateStore({ client: waiting, schema: 'walhook' });
    const outcome = waiter.acquireLease(leaseRequest({ owner: 'waiter' }));
    await untilBlocked(under.database, pid);

    // Its session is younger than the waiter's statement, and it wins the row before the waiter.
    const winner = await under.database.client();
    await blocker.query(
      `update walhook.pipelines set lease_owner = 'winner', lease_token = 99,
         lease_expires_at = now() + interval '1 hour', lease_session_pid = a.pid,
         lease_session_started_at = a.backend_start
       from pg_stat_get_activity(null) a where a.pid = ${(await sessionOf(winner)).pid}`,
    );
    await blocker.query('commit');

    expect(await outcome).toMatchObject({ kind: 'busy', owner: 'winner' });
  });

  test('a pipeline that nobody registered is named as missing', async () => {
    const { store } = await openRegisteredStore();
    await expect(store.acquireLease(leaseRequest({ pipeline: 'other' }))).rejects.toMatchObject({
      code: 'state_missing',
      detail: 'pipeline "other", schema "walhook"',
    });
  });
});

describe('a lease changes hands', () => {
  test('when it has run out', async () => {
    const under = await openRegisteredStore();
    const first = await acquire(under.store);
    await letLeaseRunOut(under);
    const second = await acquire(await under.another());
    expect(second.token).toBe(first.token + 1n);
  });

  test('when the session of its holder is gone, long before it runs out', async () => {
    const under = await openRegisteredStore();
    await holdWithEndedSession(under);
    expect(await acquire(under.store)).toEqual({ pipeline: 'shop', token: 2n });
  });

  test('not while the session of its holder is there', async () => {
    const { client, store, another } = await openRegisteredStore();
    await acquire(store, { session: await sessionOf(client) });
    const outcome = await (await another()).acquireLease(leaseRequest());
    expect(outcome.kind).toBe('busy');
  });

  test('when the pid of its holder went to a session that began later', async () => {
    const { database, client, store, another } = await openRegisteredStore();
    await acquire(store, { session: await sessionOf(client) });
    await database.query(
      `update walhook.pipelines
       set lease_session_started_at = lease_session_started_at - interval '1 hour'`,
    );
    expect((await acquire(await another())).token).toBe(2n);
  });

  test('never on account of a session that the server did not know in the first place', async () => {
    const { database, store, another } = await openRegisteredStore();
    const elsewhere = await database.client();
    const { pid } = await sessionOf(elsewhere);
    await acquire(store, { session: { pid, startedAt: '2020-01-01T00:00:00Z' } });
    await endSession(database, elsewhere);
    const outcome = await (await another()).acquireLease(leaseRequest());
    expect(outcome.kind).toBe('busy');
  });

  test('not where the start of the holder is hidden from this role: then only the expiry counts', async () => {
    const under = await openRegisteredStore();
    const role = `role_${under.database.name}`;
    await under.database.query(
      `create role ${role};
       grant usage on schema walhook to ${role};
       grant all on all tables in schema walhook to ${role}`,
    );
    await acquire(under.store, { session: await sessionOf(under.client) });
    const client = await under.database.client();
    await client.query(`set role ${role}`);
    const store = createStateStore({ client, schema: 'walhook' });

    const early = await store.acquireLease(leaseRequest());
    await letLeaseRunOut(under);
    const late = await store.acquireLease(leaseRequest());
    await client.query('reset role');
    await under.database.query(`drop owned by ${role}; drop role ${role}`);

    expect([early.kind, late.kind]).toEqual(['busy', 'acquired']);
  });
});

describe('renewing and releasing', () => {
  test('a renewed lease lasts from now on', async () => {
    const { database, store } = await openRegisteredStore();
    const lease = await acquire(store, { ttlMs: 60_000 });
    await store.renewLease(lease, 7_200_000);
    const [row] = await database.query<{ minutes: number }>(
      `select extract(epoch from lease_expires_at - now())::int / 60 as minutes
       from walhook.pipelines`,
    );
    expect([118, 119, 120]).toContain(row?.minutes);
  });

  test('a release notes where the slot stands, also behind what was announced', async () => {
    const { store } = await openRegisteredStore();
    const lease = await acquire(store, { target: toLsn(0x9000n) });
    await store.releaseLease(lease, toLsn(0x5000n));
    expect((await store.loadPipeline('shop'))?.announcedLsn).toBe(0x5000n);
    expect((await acquire(store)).token).toBe(2n);
  });

  test('a release that knows no position leaves the announcement', async () => {
    const { store } = await openRegisteredStore();
    await store.releaseLease(await acquire(store, { target: toLsn(0x9000n) }), null);
    expect((await store.loadPipeline('shop'))?.announcedLsn).toBe(0x9000n);
  });

  test('a release of a lost lease, or a second one, changes nothing', async () => {
    const under = await openRegisteredStore();
    const lost = await acquire(under.store);
    await letLeaseRunOut(under);
    const current = await acquire(under.store);
    const rows = () => under.database.query('select * from walhook.pipelines');
    const held = await rows();
    await under.store.releaseLease(lost, toLsn(1n));
    expect(await rows()).toEqual(held);

    await under.store.releaseLease(current, toLsn(0x7000n));
    const released = await rows();
    await under.store.releaseLease(current, toLsn(0x8000n));
    expect(await rows()).toEqual(released);
  });

  test('registering again keeps the lease and takes over the facts', async () => {
    const { store } = await openRegisteredStore();
    const lease = await acquire(store);
    const moved = {
      ...RECORD,
      slot: 'another_slot',
      identity: { systemIdentifier: null, timeline: null, publicationOid: null },
      announcedLsn: toLsn(0x10n),
    };
    await store.registerPipeline(moved);
    expect(await store.loadPipeline('shop')).toEqual(moved);
    await expect(store.renewLease(lease, 1_000)).resolves.toBeUndefined();
  });
});
