import { expect, test } from 'vitest';
import { captureChanges } from '../support/captured-changes.ts';
import type { ReceivedEvent } from '../support/receiver.ts';

const changes = await captureChanges('create table t (id int primary key, note text)');
const { database } = changes.pipeline;

const rowsOf = (events: readonly ReceivedEvent[]) => events.map((event) => event['after']);
const idsOf = (events: readonly ReceivedEvent[]) => events.map((event) => String(event['id']));

test('interleaved transactions come whole, in the order of their commits', async () => {
  const [early, late] = [await database.client(), await database.client()];
  await early.query(`begin; insert into t values (1, 'began first')`);
  await late.query(`begin; insert into t values (2, 'began second')`);
  await early.query(`insert into t values (3, 'began first')`);
  await late.query(`insert into t values (4, 'began second'); commit`);
  await early.query('commit');

  const events = await changes.drained();

  expect(rowsOf(events).map((row) => (row as { id: number }).id)).toEqual([2, 4, 1, 3]);
  expect(events.map((event) => event['seq'])).toEqual([0, 1, 0, 1]);
  const ids = idsOf(events);
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(4);
});

test('what rolled back never was', async () => {
  const events = await changes.of(`
    begin; insert into t values (10); rollback;
    insert into t values (11)`);
  expect(events).toMatchObject([{ after: { id: 11 }, seq: 0 }]);
});

test('what a savepoint took back never was, and leaves no gap in the sequence', async () => {
  const events = await changes.of(`
    begin;
    insert into t values (20);
    savepoint a;
    insert into t values (21);
    savepoint b;
    insert into t values (22);
    release savepoint b;
    rollback to savepoint a;
    insert into t values (23);
    savepoint c;
    insert into t values (24);
    release savepoint c;
    commit`);
  expect(events).toMatchObject([
    { after: { id: 20 }, seq: 0 },
    { after: { id: 23 }, seq: 1 },
    { after: { id: 24 }, seq: 2 },
  ]);
  expect(new Set(events.map((event) => event['xid'])).size).toBe(1);
});

test('rows of one statement may share an LSN, and yet have ids of their own', async () => {
  const copyIn = `create or replace function fill() returns void language sql as
    $$ insert into t select n from generate_series(100, 119) n $$`;
  const events = await changes.of(`${copyIn}; select fill()`);
  expect(events).toHaveLength(20);
  const ids = idsOf(events);
  expect(new Set(ids).size).toBe(20);
  expect(ids).toEqual([...ids].sort());
});

test('a prepared transaction comes at its commit, not at its prepare', async () => {
  const gid = `${database.name} it's`;
  const prepared = await changes.of(`
    begin; insert into t values (30); insert into t values (31);
    prepare transaction '${gid.replaceAll("'", "''")}'`);
  expect(prepared).toEqual([]);

  const committed = await changes.of(`
    insert into t values (32);
    commit prepared '${gid.replaceAll("'", "''")}'`);

  expect(committed).toMatchObject([
    { after: { id: 32 } },
    { after: { id: 30 }, seq: 0 },
    { after: { id: 31 }, seq: 1 },
  ]);
  const ids = idsOf(committed);
  expect(ids).toEqual([...ids].sort());
});

test('a prepared transaction that rolls back never was', async () => {
  const gid = `${database.name} back`;
  await database.query(`begin; insert into t values (40); prepare transaction '${gid}'`);
  const events = await changes.of(`
    rollback prepared '${gid}';
    insert into t values (41)`);
  expect(events).toMatchObject([{ after: { id: 41 } }]);
});

test('changes of a transaction that is still open wait for its commit, behind what committed before', async () => {
  const open = await database.client();
  await open.query('begin; insert into t values (50)');
  const [meanwhile] = await changes.of('insert into t values (51)');
  expect(meanwhile).toMatchObject({ after: { id: 51 } });
  await open.query('commit');
  const events = await changes.drained();
  expect(events).toMatchObject([{ after: { id: 50 } }]);
  expect(String(events[0]?.['id']) > String(meanwhile?.['id'])).toBe(true);
});
