import { expect, test } from 'vitest';
import { captureChanges } from '../support/captured-changes.ts';
import { lsnOf } from '../support/pipeline.ts';

const changes = await captureChanges(`
  create table orders (id int primary key, status text);
  create table lines (id int primary key, order_id int references orders, n int generated always as identity);
  create table notes (body text)`);

const EVENT_FIELDS = [
  'id',
  'op',
  'schema',
  'table',
  'key',
  'before',
  'after',
  'unchanged',
  'xid',
  'lsn',
  'commit_lsn',
  'seq',
  'committed_at',
];

test('an insert, an update and a delete of one transaction share its place and time', async () => {
  const events = await changes.of(`
    begin;
    insert into orders values (1, 'new');
    update orders set status = 'paid' where id = 1;
    delete from orders where id = 1;
    commit`);

  const [first] = events;
  const shared = {
    schema: 'public',
    table: 'orders',
    key: { id: 1 },
    unchanged: [],
    xid: first?.['xid'],
    commit_lsn: first?.['commit_lsn'],
    committed_at: first?.['committed_at'],
    lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/),
  };
  const commit = lsnOf(String(first?.['commit_lsn'])).toString(16).toUpperCase().padStart(16, '0');
  expect(events).toEqual([
    {
      ...shared,
      id: `${commit}-00000000`,
      op: 'insert',
      before: null,
      after: { id: 1, status: 'new' },
      seq: 0,
    },
    {
      ...shared,
      id: `${commit}-00000001`,
      op: 'update',
      before: null,
      after: { id: 1, status: 'paid' },
      seq: 1,
    },
    { ...shared, id: `${commit}-00000002`, op: 'delete', before: { id: 1 }, after: null, seq: 2 },
  ]);
  expect(events.map((event) => Object.keys(event))).toEqual(events.map(() => EVENT_FIELDS));
  expect(first?.['committed_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
});

test('the transaction id and the LSNs are those that the server tells', async () => {
  const { database } = changes.pipeline;
  const client = await database.client();
  await client.query('begin');
  await client.query(`insert into notes values ('mine')`);
  const { rows } = await client.query<{ xid: number; now: string; at: number }>(
    `select pg_current_xact_id()::text::int as xid, pg_current_wal_insert_lsn()::text as now, trunc(extract(epoch from clock_timestamp()) * 1000)::float8 as at`,
  );
  await client.query('commit');

  const [event] = await changes.drained();

  expect(event).toMatchObject({ xid: rows[0]?.xid });
  expect(lsnOf(String(event?.['lsn']))).toBeLessThanOrEqual(lsnOf(rows[0]!.now));
  expect(lsnOf(String(event?.['commit_lsn']))).toBeGreaterThanOrEqual(lsnOf(rows[0]!.now));
  expect(Date.parse(String(event?.['committed_at']))).toBeGreaterThanOrEqual(rows[0]!.at);
});

test('a truncate of several tables is an event for each, with a place of its own', async () => {
  const events = await changes.of('truncate orders, notes restart identity cascade');
  expect(events.map((event) => [event['table'], event['seq']])).toEqual(
    events.map((event, seq) => [event['table'], seq]),
  );
  expect(new Set(events.map((event) => event['table']))).toEqual(
    new Set(['orders', 'notes', 'lines']),
  );
  expect(new Set(events.map((event) => event['id'])).size).toBe(3);
  for (const event of events) {
    expect(event).toMatchObject({
      op: 'truncate',
      schema: 'public',
      key: null,
      before: null,
      after: null,
      unchanged: [],
      cascade: true,
      restart_identity: true,
    });
  }
});

test('a plain truncate says that it neither cascades nor restarts', async () => {
  const events = await changes.of('truncate notes');
  expect(events).toMatchObject([
    { op: 'truncate', table: 'notes', cascade: false, restart_identity: false, seq: 0 },
  ]);
});

test('a transactional message is an event of its transaction', async () => {
  const events = await changes.of(`
    begin;
    insert into notes values ('before');
    select pg_logical_emit_message(true, 'präfix "x"', '\\x00ff10'::bytea);
    insert into notes values ('after');
    commit`);
  expect(events).toMatchObject([
    { op: 'insert', seq: 0 },
    {
      op: 'message',
      schema: null,
      table: null,
      key: null,
      before: null,
      after: null,
      unchanged: [],
      prefix: 'präfix "x"',
      content: 'AP8Q',
      transactional: true,
      seq: 1,
      commit_lsn: events[0]?.['commit_lsn'],
      xid: events[0]?.['xid'],
    },
    { op: 'insert', seq: 2 },
  ]);
});

test('a message outside of any transaction stands alone, also when that rolls back', async () => {
  // A drain sees what is flushed, and only a commit waits for that.
  const [event, ...others] = await changes.of(`
    begin;
    insert into notes values ('rolled back');
    select pg_logical_emit_message(false, 'at once', 'no transaction');
    rollback;
    insert into notes values ('committed')`);
  expect(others).toMatchObject([{ op: 'insert', after: { body: 'committed' } }]);
  expect(event).toMatchObject({
    op: 'message',
    prefix: 'at once',
    content: Buffer.from('no transaction').toString('base64'),
    transactional: false,
    xid: null,
    seq: 0,
    committed_at: null,
  });
  // The last byte of its record: at the LSN that the server tells, the next record begins.
  expect(lsnOf(String(event?.['commit_lsn']))).toBe(lsnOf(String(event?.['lsn'])) - 1n);
  expect(event?.['id']).toBe(
    `${lsnOf(String(event?.['commit_lsn'])).toString(16).toUpperCase().padStart(16, '0')}-00000000`,
  );
});

test('a message right before a commit has another id than the first event of that commit', async () => {
  const events = await changes.of(`
    begin;
    insert into notes values ('committed');
    select pg_logical_emit_message(false, 'at once', 'before the commit');
    commit`);
  expect(events).toMatchObject([{ op: 'message' }, { op: 'insert', seq: 0 }]);
  const [message, insert] = events.map(({ id }) => String(id));
  expect(message! < insert!).toBe(true);
});

test('an empty message has empty content', async () => {
  const [event] = await changes.of(`select pg_logical_emit_message(true, '', '')`);
  expect(event).toMatchObject({ op: 'message', prefix: '', content: '' });
});
