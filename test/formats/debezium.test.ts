import { describe, expect, test } from 'vitest';
import { debeziumFormat } from '../../src/formats/debezium.ts';
import { pairAlone, pairInList, pairOfLines } from '../../src/formats/paired-values.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { lsnOf } from '../support/pipeline.ts';
import { captureEvents } from './captured-events.ts';
import { type Json, PLAIN, written, writtenText, writtenValues } from './written.ts';

const about = { version: '1.2.3', name: 'orders', database: 'shop' };
const captured = await captureEvents(
  `create table orders (id int primary key, code text, note text);
   create table wide_keys (id int, k text, note text, primary key (id, k));
   alter table wide_keys alter k set storage external;
   alter table wide_keys alter note set storage external;
   create table full_rows (like orders including all);
   alter table full_rows replica identity full;
   create table by_hand (like orders including all);
   alter table by_hand replica identity full`,
  new Map([['public.by_hand', ['code']]]),
);
const format = debeziumFormat(captured.catalog, PLAIN, about, pairInList);
const walhook = walhookFormat(captured.catalog, PLAIN);

const envelopes = async (sql: string): Promise<Json[]> =>
  (await captured.of(sql)).flatMap((event) => writtenValues<Json>(format, event));

const changesOf = async (sql: string) =>
  (await envelopes(sql)).map(({ op, before, after }) => ({ op, before, after }));

test('an insert is a create, an update has nothing before unless the server sent it', async () => {
  expect(
    await changesOf(`
      insert into orders values (1, 'a', 'x');
      update orders set note = 'y';
      delete from orders`),
  ).toEqual([
    { op: 'c', before: null, after: { id: 1, code: 'a', note: 'x' } },
    { op: 'u', before: null, after: { id: 1, code: 'a', note: 'y' } },
    { op: 'd', before: { id: 1 }, after: null },
  ]);
  expect(
    await changesOf(`
      insert into full_rows values (1, 'a', 'x');
      update full_rows set note = 'y'`),
  ).toMatchObject([
    {},
    { op: 'u', before: { id: 1, code: 'a', note: 'x' }, after: { id: 1, code: 'a', note: 'y' } },
  ]);
});

test('the JSON document null is the text "null", and an SQL null is null', async () => {
  await captured.query('create table documents (id int primary key, a json, b jsonb, c jsonb[])');
  const [event] = await changesOf(
    `insert into documents values (1, ' null ', 'null', '{null,"null","1"}'), (2, null, null, null)`,
  );
  expect(event?.after).toEqual({ id: 1, a: 'null', b: 'null', c: [null, null, 1] });
  const [, other] = await changesOf(
    `insert into documents values (3, '"x"', '{"a": null}', null), (4, null, null, null)`,
  );
  expect(other?.after).toEqual({ id: 4, a: null, b: null, c: null });
});

describe('a change of key', () => {
  test('is a delete of the old key and a create with the new one', async () => {
    expect(
      await changesOf(`
        insert into orders values (2, 'a', 'x');
        update orders set id = 3`),
    ).toEqual([
      expect.anything(),
      { op: 'd', before: { id: 2 }, after: null },
      { op: 'c', before: null, after: { id: 3, code: 'a', note: 'x' } },
    ]);
  });

  test('is one by the key that was configured', async () => {
    expect(
      await changesOf(`
        insert into by_hand values (1, 'a', 'x');
        update by_hand set id = 2;
        update by_hand set code = 'b'`),
    ).toMatchObject([{ op: 'c' }, { op: 'u' }, { op: 'd' }, { op: 'c' }]);
  });

  test('is a list where it is a body of its own, and two lines where events are lines', async () => {
    const [, event] = await captured.of(`
      insert into orders values (4, 'a', 'x');
      update orders set id = 5 where id = 4`);
    const alone = debeziumFormat(captured.catalog, PLAIN, about, pairAlone);
    const lines = debeziumFormat(captured.catalog, PLAIN, about, pairOfLines);
    const pair = writtenValues(format, event!);
    expect(JSON.parse(writtenText(alone, event!))).toEqual(pair);
    const twoLines = writtenText(lines, event!).split('\n');
    expect(twoLines.map((line) => JSON.parse(line) as Json)).toEqual(pair);
  });
});

test('the source tells the place of the change in numbers, all digits of them', async () => {
  const [event] = await captured.of(`insert into orders values (10, 'a', 'x')`);
  const hook = written(walhook, event!);
  const { source, ...envelope } = written(format, event!);
  const micros = BigInt(Date.parse(`${String(hook['committed_at']).slice(0, -4)}Z`)) * 1000n;
  const fraction = BigInt(String(hook['committed_at']).slice(-4, -1));
  const lsn = lsnOf(String(hook['lsn']));
  expect(source).toEqual({
    version: '1.2.3',
    connector: 'postgresql',
    name: 'orders',
    ts_ms: Number(micros / 1000n),
    ts_us: Number(micros + fraction),
    ts_ns: Number((micros + fraction) * 1000n),
    snapshot: 'false',
    db: 'shop',
    sequence: JSON.stringify([String(lsnOf(String(hook['commit_lsn']))), String(lsn)]),
    schema: 'public',
    table: 'orders',
    txId: hook['xid'],
    lsn: Number(lsn),
    xmin: null,
    event_id: hook['id'],
  });
  expect(envelope).toMatchObject({ transaction: null, ts_ms: Number(micros / 1000n) });
  expect(writtenText(format, event!)).toContain(`"ts_ns":${(micros + fraction) * 1000n}}`);
});

test('an LSN past 2^53 keeps its digits', async () => {
  const [event] = await captured.of(`insert into orders values (11, 'a', 'x')`);
  const far = { ...event!, lsnHigh: 0xffffffff, lsnLow: 0xfffffffe };
  expect(writtenText(format, far)).toContain('"lsn":18446744073709551614,');
});

test('a truncate has no rows', async () => {
  const [event] = await envelopes('truncate orders');
  expect(event).toMatchObject({ op: 't', source: { schema: 'public', table: 'orders' } });
  expect(event).not.toHaveProperty('before');
  expect(event).not.toHaveProperty('after');
});

test('a logical message is one, and without a transaction it has no id of one', async () => {
  const [inside, alone] = await envelopes(`
    select pg_logical_emit_message(true, 'präfix "x"', '\\x00ff10'::bytea);
    select pg_logical_emit_message(false, 'at once', 'y');
    insert into full_rows values (7, 'flushes', 'it')`);
  expect(inside).toMatchObject({
    op: 'm',
    message: { prefix: 'präfix "x"', content: 'AP8Q' },
    source: { schema: '', table: '', txId: expect.any(Number) },
  });
  expect(alone).toMatchObject({ op: 'm', ts_ms: null, source: { ts_ms: 0 } });
  expect(alone!['source']).not.toHaveProperty('txId');
});

test('a key column that the update left alone, and only the old key tells, is in the row after it', async () => {
  const long = 'x'.repeat(2100);
  const [, update, deleted, created] = await changesOf(`
    insert into wide_keys values (1, repeat('x', 2100), repeat('y', 2100));
    update wide_keys set note = 'z';
    update wide_keys set id = 2`);
  expect(update).toEqual({
    op: 'u',
    before: { id: 1, k: long },
    after: { id: 1, k: long, note: 'z' },
  });
  expect(deleted).toMatchObject({ op: 'd', before: { id: 1, k: long } });
  expect(created).toEqual({ op: 'c', before: null, after: { id: 2, k: long, note: 'z' } });
});
