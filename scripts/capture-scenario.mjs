// What happens in the database whose replication messages become the fixtures: every kind of message,
// the same on every server version.

/** Rows of a table outside the publication: they make a transaction large, and are never sent. */
const BALLAST = `insert into ballast select repeat('x', 1000) from generate_series(1, 100)`;

const BEFORE_THE_SLOTS = [
  `create schema "Größe"`,
  `create type "Größe"."Laune" as enum ('froh', 'trüb')`,
  `create type point_of_sale as (street text, number int4)`,
  `create domain "Größe"."Kürzel" as text`,
  `create table customer (
     id int8 primary key, name varchar(40) not null, mood "Größe"."Laune", place point_of_sale,
     code "Größe"."Kürzel", balance numeric(12, 2), active bool, note text)`,
  // Stored outside the row at 2,000 bytes and up, so that an update leaves it unchanged and unsent.
  `alter table customer alter column note set storage external`,
  `create table "Größe"."テーブル🐘" ("schlüssel" int4 primary key, "\u{1F418} elefant" text)`,
  `create table by_index (id int4, code text not null, remark text)`,
  `create unique index by_index_code on by_index (code)`,
  `alter table by_index replica identity using index by_index_code`,
  `create table by_full (id int4 primary key, remark text, note text)`,
  `alter table by_full alter column note set storage external`,
  `alter table by_full replica identity full`,
  `create table by_nothing (id int4 primary key)`,
  `alter table by_nothing replica identity nothing`,
  `create table no_columns ()`,
  `create table parent (id serial primary key)`,
  `create table child (id int4 primary key, parent_id int4 references parent)`,
  `create table ballast (filler text)`,
  `create publication p for table customer, "Größe"."テーブル🐘", by_index, by_full, by_nothing,
     no_columns, parent, child`,
  `select pg_replication_origin_create('upstream ä')`,
];

const CHANGES = [
  [
    'rows',
    `insert into customer values
       (1, 'Zoë', 'froh', '("Rue de l''Été",7)', 'K-1', 12.50, true, repeat('t', 2500)),
       (2, '', null, null, null, null, null, null)`,
    `update customer set name = 'Zoé' where id = 1`,
    `update customer set id = 3 where id = 2`,
    `delete from customer where id = 3`,
    `insert into "Größe"."テーブル🐘" values (1, '象')`,
    `insert into no_columns default values`,
  ],
  [
    'identities',
    `insert into by_index values (1, 'a', 'first')`,
    `update by_index set remark = 'second'`,
    `update by_index set code = 'b'`,
    `delete from by_index`,
    `insert into by_full values (1, 'first', repeat('f', 2500))`,
    `update by_full set remark = 'second'`,
    `delete from by_full`,
    `insert into by_nothing values (1)`,
  ],
  [
    'altered',
    `alter table by_nothing add column added "Größe"."Laune" default 'froh'`,
    `alter table by_nothing rename column id to "nümmer"`,
    `insert into by_nothing values (2, 'trüb')`,
    `alter table by_nothing replica identity default`,
    `insert into by_nothing values (3)`,
  ],
  [
    'truncates',
    `insert into parent values (1)`,
    `insert into child values (1, 1)`,
    `truncate by_index, by_full`,
    `truncate parent restart identity cascade`,
  ],
  [
    'messages',
    `select pg_logical_emit_message(true, 'präfix 象', 'cöntent')`,
    `select pg_logical_emit_message(true, '', '\\x00ff10'::bytea)`,
  ],
];

const LARGE_TRANSACTION = [
  `insert into customer (id, name, mood) values (10, 'kept', 'froh')`,
  `select pg_logical_emit_message(true, 'streamed', 'inside')`,
  BALLAST,
  `savepoint s`,
  `insert into customer (id, name) values (11, 'rolled back')`,
  BALLAST,
  `rollback to savepoint s`,
  `update customer set name = 'renamed' where id = 10`,
  `update customer set id = 12 where id = 10`,
  `truncate by_index`,
  `delete from customer where id = 12`,
  BALLAST,
];

/**
 * Runs everything and peeks at it. Answers what the server itself knows of transactions and OIDs, for
 * the tests to hold the decoded messages against, and the captured messages.
 */
export async function captureScenario(client, majorVersion) {
  for (const statement of BEFORE_THE_SLOTS) await client.query(statement);
  await client.query(`set logical_decoding_work_mem = '64kB'`);
  await client.query(`set datestyle = 'ISO'; set timezone = 'UTC'`);

  const xids = {};
  const captures = [];
  const capture = async (name, slot, options) => {
    captures.push({ name, options, rows: await peek(client, slot, options) });
  };
  const always = { publication_names: 'p', messages: 'true' };

  await createSlot(client, 'changes');
  for (const [name, ...statements] of CHANGES) {
    xids[name] = await inTransaction(client, statements, 'commit');
  }
  await client.query(`select pg_logical_emit_message(false, 'at once', 'no transaction')`);
  xids.origin = await changeWithOrigin(client);
  await capture('changes', 'changes', { proto_version: '1', ...always });
  await capture('binary', 'changes', { proto_version: '1', ...always, binary: 'true' });
  await dropSlot(client, 'changes');

  await createSlot(client, 'stream');
  xids.large = await inTransaction(client, LARGE_TRANSACTION, 'commit');
  xids.aborted = await inTransaction(client, LARGE_TRANSACTION, 'rollback');
  // A rollback is not flushed by itself, and a peek reads only what is flushed.
  await client.query('checkpoint');
  await capture('streaming', 'stream', { proto_version: '2', ...always, streaming: 'on' });
  if (majorVersion >= 16) {
    const options = { proto_version: '4', ...always, streaming: 'parallel' };
    await capture('parallel', 'stream', options);
  }
  await dropSlot(client, 'stream');

  if (majorVersion >= 15) {
    await createSlot(client, 'two_phase', true);
    const small = [`insert into customer (id, name) values (20, 'prepared')`];
    xids.kept = await inTransaction(client, small, `prepare transaction 'kept-ä'`);
    await client.query(`commit prepared 'kept-ä'`);
    const other = [`insert into customer (id, name) values (21, 'dropped')`];
    xids.dropped = await inTransaction(client, other, `prepare transaction 'dropped'`);
    await client.query(`rollback prepared 'dropped'`);
    xids.largePrepared = await inTransaction(
      client,
      LARGE_TRANSACTION,
      `prepare transaction 'large'`,
    );
    await client.query(`commit prepared 'large'`);
    const options = { proto_version: '3', ...always, two_phase: 'true' };
    await capture('two-phase', 'two_phase', options);
    await capture('two-phase streaming', 'two_phase', { ...options, streaming: 'on' });
    await dropSlot(client, 'two_phase');
  }

  return { facts: { xids, ...(await lookUpFacts(client, xids)) }, captures };
}

async function inTransaction(client, statements, end) {
  await client.query('begin');
  for (const statement of statements) await client.query(statement);
  const { rows } = await client.query('select txid_current()::text as xid');
  await client.query(end);
  return Number(rows[0].xid);
}

async function changeWithOrigin(client) {
  await client.query(`select pg_replication_origin_session_setup('upstream ä')`);
  await client.query('begin');
  await client.query(
    `select pg_replication_origin_xact_setup('A/BCDEF01', '2026-01-31 12:00:00.123456+00')`,
  );
  await client.query(`insert into customer (id, name) values (4, 'from upstream')`);
  const { rows } = await client.query('select txid_current()::text as xid');
  await client.query('commit');
  await client.query(`select pg_replication_origin_session_reset()`);
  return Number(rows[0].xid);
}

async function createSlot(client, slot, twoPhase = false) {
  await (twoPhase
    ? client.query(`select pg_create_logical_replication_slot($1, 'pgoutput', false, true)`, [slot])
    : client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]));
}

async function dropSlot(client, slot) {
  await client.query('select pg_drop_replication_slot($1)', [slot]);
}

async function peek(client, slot, options) {
  const values = Object.entries(options).flat();
  const placeholders = values.map((_, i) => `$${i + 2}`).join(', ');
  const { rows } = await client.query({
    text: `select lsn::text, xid::text, encode(data, 'hex') as data
      from pg_logical_slot_peek_binary_changes($1, null, null, ${placeholders})`,
    values: [slot, ...values],
  });
  return rows.map(({ lsn, xid, data }) => [lsn, Number(xid), data]);
}

async function lookUpFacts(client, xids) {
  const relations = await client.query(
    `select format('%s.%s', n.nspname, c.relname) as name, c.oid::text
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname in ('public', 'Größe')`,
  );
  const types = await client.query(
    `select format('%s.%s', n.nspname, t.typname) as name, t.oid::text
       from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where t.typname in ('Laune', 'point_of_sale', 'Kürzel')`,
  );
  const commits = await client.query(
    `select x.name, to_char(pg_xact_commit_timestamp(x.xid::xid), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
       from unnest($1::text[], $2::text[]) as x (name, xid)
      where pg_xact_commit_timestamp(x.xid::xid) is not null`,
    [Object.keys(xids), Object.values(xids).map(String)],
  );
  return {
    relations: Object.fromEntries(relations.rows.map(oidByName)),
    types: Object.fromEntries(types.rows.map(oidByName)),
    committedAt: Object.fromEntries(commits.rows.map(({ name, at }) => [name, at])),
  };
}

function oidByName({ name, oid }) {
  return [name, Number(oid)];
}
