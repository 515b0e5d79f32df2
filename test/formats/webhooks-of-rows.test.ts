import { expect, test } from 'vitest';
import { positionOf } from '../../src/changes/change-event.ts';
import { eventId } from '../../src/changes/position.ts';
import type { WritableEvent } from '../../src/formats/event-format.ts';
import { hasuraFormat } from '../../src/formats/hasura.ts';
import { sequinFormat } from '../../src/formats/sequin.ts';
import { supabaseFormat } from '../../src/formats/supabase.ts';
import { captureEvents } from './captured-events.ts';
import { type Json, PLAIN, written, writtenText } from './written.ts';

const NUMBERS = { ...PLAIN, values: { int8: 'number', numeric: 'number' } } as const;
const PLACE = { database: 'shop', system: '7341' };
const consumer = { id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', name: 'orders' };

const captured = await captureEvents(`
  create type mood as enum ('ok');
  create type debt as (amount numeric, since timestamptz, raw bytea, span interval);
  create domain positive as int check (value > 0);
  create table every_type (
    id int8 primary key, small int2, price numeric, tiny float4, wide float8, ok bool, j json,
    jb jsonb, b bytea, at timestamptz, local timestamp, day date, clock time, zoned timetz,
    span interval, u uuid, who text, c char(4), kind mood, owed debt, pos positive, bits bit(4),
    o oid, x xid, ints int2vector, oids oidvector, addr inet, r int4range, p point, cash money,
    xml xml, search tsvector, bigs int8[], words text[], spans interval[], times timestamptz[],
    debts debt[], bytes bytea[], grid int[][]);
  create table orders (id int primary key, note text, n int);
  alter table orders alter note set storage external;
  create table full_orders (like orders including all);
  alter table full_orders replica identity full`);
const supabase = supabaseFormat(captured.catalog, NUMBERS);
const hasura = hasuraFormat(captured.catalog, NUMBERS, { trigger: 'on_order', ...PLACE });
const sequin = sequinFormat(captured.catalog, PLAIN, { consumer, ...PLACE });

// As the two programs' own sessions have it: the server's defaults.
await captured.query(`set timezone = 'UTC'; set intervalstyle = 'postgres'; set datestyle = 'ISO';
  set bytea_output = 'hex'; set extra_float_digits = 1`);

const interval = (text: string): string => `'${text}'::interval`;
const SPANS = [
  '1 year 2 mons 3 days 04:05:06.7',
  '-1 years -2 mons +3 days -04:05:06.07',
  '1 day -00:00:00.5',
  '-1 day +123:00:00',
  '1 mon -1 day 00:00:01',
  '0',
  '-00:00:01',
  '5 years',
];
const ROWS = [
  ...SPANS.map((span, index) => `insert into every_type (id, span) values (${index}, '${span}')`),
  `insert into every_type values (100, -1, 12.50, 1.5, 1e20, true, '{"a" : [1, null]}', '{"b":1.50}',
     '\\x00ff', '2026-01-31 10:00:00.5+00', '2026-01-31 12:00', '2026-01-31', '24:00', '12:00+02',
     '1 day', '6f1c3a52-0000-4000-8000-000000000000', E'ä\\t"\\\\', 'ab', 'ok',
     row(1.50, '2026-01-31 10:00+00', '\\x01', '-1 mon'), 7, '1011', 4294967295, '7', '1 2', '3 4',
     '192.168.0.1', '[1,5)', '(1.5,-2)', 12.5, '<a/>', 'b a', '{9223372036854775807,null}',
     '{"a,b",NULL,"NULL"}', array[${interval('-1 day')}], '{2026-01-31 10:00+00}',
     array[row(1, null, null, null)::debt], array['\\x01'::bytea], '{{1,2},{3,4}}')`,
  `insert into every_type (id, price, tiny, wide, at, local, day)
     values (101, 'NaN', 'Infinity', '-Infinity', 'infinity', '-infinity', 'infinity')`,
  `insert into every_type (id, at, local, day, price)
     values (102, '0044-03-15 12:00+00 BC', '10000-01-01', '0044-03-15 BC', 1e-20)`,
];

test.each([
  { name: 'supabase', of: (event: WritableEvent) => written(supabase, event)['record'] as Json },
  {
    name: 'hasura',
    of: (event: WritableEvent) =>
      (written(hasura, event) as { event: { data: { new: Json } } }).event.data.new,
  },
])('$name has the values of to_jsonb(), of every type', async ({ name, of }) => {
  await captured.query('delete from every_type');
  await captured.of('select 1');
  const format = name === 'supabase' ? supabase : hasura;
  const events = await captured.of(ROWS.join(';\n'));
  expect(events).toHaveLength(ROWS.length);
  for (const event of events) {
    // Compared where no digit is lost: in the server.
    const path = name === 'supabase' ? '{record}' : '{event,data,new}';
    const differences = await captured.query(
      `select key, sent.value as sent, row.value as row
       from jsonb_each($1::jsonb #> $2::text[]) as sent
       full join (select e.* from every_type t, jsonb_each(to_jsonb(t)) as e where t.id = $3) as row
         using (key)
       where sent.value is distinct from row.value`,
      [writtenText(format, event), path, of(event)['id']],
    );
    expect(differences).toEqual([]);
  }
});

const CHANGES = `
  insert into full_orders values (1, repeat('x', 5000), 1);
  update full_orders set n = 2;
  delete from full_orders;
  insert into orders values (1, repeat('x', 5000), 1);
  update orders set n = 2;
  update orders set id = 2, note = 'b';
  delete from orders`;
const [insert, update, remove, keyInsert, toasted, keyChange, keyRemove] =
  await captured.of(CHANGES);
const long = 'x'.repeat(5000);

test('a whole old row is told whole', () => {
  const rows = [insert!, update!, remove!].map((event) => {
    const { type, record, old_record } = written(supabase, event);
    return [type, record, old_record];
  });
  expect(rows).toEqual([
    ['INSERT', { id: 1, note: long, n: 1 }, null],
    ['UPDATE', { id: 1, note: long, n: 2 }, { id: 1, note: long, n: 1 }],
    ['DELETE', null, { id: 1, note: long, n: 2 }],
  ]);
});

test('of an old row that was not sent, what identifies it is told; a value that nothing tells is left out', () => {
  for (const [event, record, old] of [
    [keyInsert!, { id: 1, note: long, n: 1 }, null],
    [toasted!, { id: 1, n: 2 }, { id: 1 }],
    [keyChange!, { id: 2, note: 'b', n: 2 }, { id: 1 }],
    [keyRemove!, null, { id: 2 }],
  ] as const) {
    expect(written(supabase, event)).toMatchObject({ record, old_record: old });
    const { event: told } = written(hasura, event) as { event: Json };
    expect(told['data']).toEqual({ new: record, old });
  }
});

test('Sequin is told what an update changed, and nothing where the old row is not known', () => {
  const told = [insert!, update!, remove!, keyInsert!, toasted!, keyChange!, keyRemove!].map(
    (event) => {
      const { action, record, changes } = written(sequin, event);
      return [action, record, changes];
    },
  );
  expect(told).toEqual([
    ['insert', { id: 1, note: long, n: 1 }, null],
    ['update', { id: 1, note: long, n: 2 }, { n: 1 }],
    ['delete', { id: 1, note: long, n: 2 }, null],
    ['insert', { id: 1, note: long, n: 1 }, null],
    ['update', { id: 1, n: 2 }, {}],
    ['update', { id: 2, note: 'b', n: 2 }, { id: 1 }],
    ['delete', { id: 2, note: null, n: null }, null],
  ]);
});

test('Sequin has the text of what it knows no type of, and every digit of numeric', async () => {
  await captured.query('delete from every_type');
  await captured.of('select 1');
  const [event] = await captured.of(ROWS.slice(SPANS.length)[0]!);
  expect(written(sequin, event!)['record']).toMatchObject({
    price: '12.50',
    b: String.raw`\x00ff`,
    at: '2026-01-31T10:00:00.500000Z',
    local: '2026-01-31T12:00:00.000000',
    span: '1 day',
    j: { a: [1, null] },
    pos: '7',
    owed: String.raw`(1.50,"2026-01-31 10:00:00+00","\\x01",P-1M)`,
    o: 4294967295,
    x: '7',
    ints: '1 2',
    words: ['a,b', null, 'NULL'],
    spans: ['-1 days'],
    grid: [
      [1, 2],
      [3, 4],
    ],
  });
});

test("an event's id is a UUID made of its place, and another one in another database", () => {
  const elsewhere = { trigger: 'on_order', ...PLACE, database: 'stock' };
  const other = hasuraFormat(captured.catalog, NUMBERS, elsewhere);
  const ids = [hasura, other].flatMap((format) =>
    [insert!, update!].map((event) => String(written(format, event)['id'])),
  );
  expect(new Set(ids).size).toBe(4);
  const [, ...digits] = /^(.{12})8(.{3})[89ab](.)(.{8}).{6}$/.exec(ids[0]!.replaceAll('-', ''))!;
  expect(digits.join('').toUpperCase()).toBe(eventId(positionOf(insert!)).replace('-', ''));
  expect(written(hasura, insert!)).toMatchObject({ trigger: { name: 'on_order' } });
});

test("a message's key is of its commit and its place there", () => {
  const { metadata } = written(sequin, update!) as { metadata: Record<string, unknown> };
  const { commitLsn } = update!.transaction;
  expect(Buffer.from(String(metadata['idempotency_key']), 'base64').toString()).toBe(
    `${commitLsn}:${update!.seq}`,
  );
  expect(metadata).toMatchObject({
    commit_lsn: Number(commitLsn),
    commit_idx: update!.seq,
    consumer: { ...consumer, annotations: {} },
    database: { name: 'shop', database: 'shop' },
  });
});
