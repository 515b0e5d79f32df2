import { describe, expect, test } from 'vitest';
import type { ColumnPolicy } from '../../src/formats/column-policy.ts';
import { drasiFormat } from '../../src/formats/drasi.ts';
import { pairInList } from '../../src/formats/paired-values.ts';
import { uuidV5 } from '../../src/formats/uuid-v5.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { compileColumnPolicy } from '../../src/routing/column-policy.ts';
import { captureEvents } from './captured-events.ts';
import { type Json, PLAIN, written, writtenText, writtenValues } from './written.ts';

const FLOATS = { ...PLAIN, values: { int8: 'number', numeric: 'number' } } as const;

const captured = await captureEvents(
  `create table orders (id int primary key, code text, note text);
   alter table orders alter note set storage external;
   create table full_rows (like orders including all);
   alter table full_rows replica identity full;
   alter table full_rows alter note set storage external;
   create table lines (b int, a text, primary key (a, b));
   create table odd_keys (at timestamptz, tags text[], ok bool, primary key (at, tags, ok));
   create table keyless (code text);
   alter table keyless replica identity full;
   create table by_hand (id int primary key, code text);
   create table pairs (a text, b text, c int, primary key (a, b));
   create table wide_keys (id int, k text, note text, primary key (id, k));
   alter table wide_keys alter k set storage external;
   create table "sales.orders" (id int primary key);
   create schema sales;
   create table sales.orders (id int primary key);
   create table numbers (id int primary key, n numeric, f float8, ns numeric[])`,
  new Map([['public.by_hand', ['code']]]),
);
const format = drasiFormat(captured.catalog, FLOATS, 'insert', pairInList);

type Change = {
  readonly operation: string;
  readonly id?: string;
  readonly labels?: readonly string[];
  readonly timestamp: number;
  readonly element?: { readonly id: string; readonly labels: string[]; readonly properties: Json };
};

const changesOf = async (sql: string): Promise<Change[]> =>
  (await captured.of(sql)).flatMap((event) => writtenValues<Change>(format, event));

const idOf = (change: Change | undefined): string | undefined => change?.element?.id ?? change?.id;

describe('an element', () => {
  test('has the table and the key as its id, and the table as its label', async () => {
    const [insert, update, deleted] = await changesOf(`
      insert into orders values (1, 'a', 'x');
      update orders set code = 'b';
      delete from orders`);
    expect(insert).toMatchObject({
      operation: 'insert',
      element: {
        type: 'node',
        id: 'orders:1',
        labels: ['orders'],
        properties: { id: 1, code: 'a', note: 'x' },
      },
    });
    expect(update).toMatchObject({ operation: 'update', element: { id: 'orders:1' } });
    expect(deleted).toMatchObject({ operation: 'delete', id: 'orders:1', labels: ['orders'] });
  });

  test('of a key of two columns has both, in column order', async () => {
    const [line] = await changesOf(`insert into lines values (2, 'x"_y')`);
    expect(idOf(line)).toBe('lines:2_x"_y');
  });

  test('of a key of any types has the text that stands in its properties', async () => {
    const [row] = await changesOf(
      `insert into odd_keys values ('2026-01-31 12:00:00+00', array['a b', '"'], true)`,
    );
    expect(idOf(row)).toBe(String.raw`odd_keys:2026-01-31T12:00:00.000000Z_["a b","\""]_true`);
  });

  test('outside of public has the schema in its id and its label', async () => {
    const [row] = await changesOf('insert into sales.orders values (1)');
    expect(row?.element).toMatchObject({ id: 'sales.orders:1', labels: ['sales.orders'] });
  });

  test('has the key that was configured', async () => {
    const [row] = await changesOf(`insert into by_hand values (1, 'k')`);
    expect(idOf(row)).toBe('by_hand:k');
  });

  test('without a key has a UUID that is the same whenever it is sent', async () => {
    const [event, update] = await captured.of(`
      insert into keyless values ('a');
      update keyless set code = 'b'`);
    const id = String(written(walhookFormat(captured.catalog, PLAIN), event!)['id']);
    const uuid = idOf(written<Change>(format, event!))?.split(':')[1];
    expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    const again = drasiFormat(captured.catalog, FLOATS, 'insert', pairInList);
    expect(writtenText(again, event!)).toContain(uuid!);
    expect(uuid).toBe(uuidV5('b3f1c9de-57a4-4c0f-9d86-2f7a1e60c5d4', id));
    expect(writtenValues(format, update!)).toHaveLength(1);
  });
});

describe('a change of key', () => {
  test('is a delete of the old element and an insert of the new one', async () => {
    const [, deleted, inserted] = await changesOf(`
      insert into orders values (2, 'a', 'x');
      update orders set id = 3`);
    expect(deleted).toMatchObject({ operation: 'delete', id: 'orders:2' });
    expect(inserted).toMatchObject({ operation: 'insert', element: { id: 'orders:3' } });
  });

  test('tells a new element of what the old row told', async () => {
    const [, , inserted] = await changesOf(`
      insert into full_rows values (1, 'a', repeat('x', 5000));
      update full_rows set id = 2`);
    expect(inserted?.element?.properties).toEqual({ id: 2, code: 'a', note: 'x'.repeat(5000) });
  });
});

test('a value that an update left alone is left out', async () => {
  const [, update] = await changesOf(`
    insert into orders values (9, 'a', repeat('x', 5000));
    update orders set code = 'b' where id = 9`);
  expect(update?.element?.properties).toEqual({ id: 9, code: 'b' });
});

test('the timestamp is the commit in nanoseconds', async () => {
  const [event] = await captured.of('insert into sales.orders values (2)');
  const committedAt = String(
    written(walhookFormat(captured.catalog, PLAIN), event!)['committed_at'],
  );
  const ms = Date.parse(committedAt);
  const text = writtenText(format, event!);
  expect(text).toContain(`"timestamp":${ms}${committedAt.slice(-4, -1)}000}`);
});

test('truncates and logical messages are skipped: Drasi knows rows alone', async () => {
  const events = await captured.of(`
    insert into by_hand values (5, 'x');
    truncate by_hand;
    select pg_logical_emit_message(true, 'p', 'x')`);
  expect(events.map((event) => [event.op, format.skips!(event)])).toEqual([
    ['insert', false],
    ['truncate', true],
    ['message', true],
  ]);
});

test('a new row is sent as an update where that is asked for, also after a change of key', async () => {
  const updates = drasiFormat(captured.catalog, FLOATS, 'update', pairInList);
  const events = await captured.of(`
    insert into by_hand values (6, 'y');
    insert into lines values (1, 'a');
    update lines set b = 3 where a = 'a'`);
  const operations = events.flatMap((event) =>
    writtenValues(updates, event).map(({ operation }) => operation),
  );
  expect(operations).toEqual(['update', 'update', 'delete', 'update']);
});

test('floats are floats, whatever they look like, and what no float can hold is text', async () => {
  const [event, far] = await captured.of(`
    insert into numbers values (1, 12, 3, array[1, 2.50, 'NaN']);
    insert into numbers values (2, '1e308', '1e300', array['1e400'::numeric, '-0.5'])`);
  expect(writtenText(format, event!)).toContain(
    '"properties":{"id":1,"n":12.0,"f":3.0,"ns":[1.0,2.50,"NaN"]}',
  );
  const { element } = written<Change>(format, far!);
  expect(element?.properties).toMatchObject({
    n: `1${'0'.repeat(308)}`,
    f: 1e300,
    ns: [`1${'0'.repeat(400)}`, -0.5],
  });
});

test('numeric is text where that is asked for', async () => {
  const exact = drasiFormat(captured.catalog, PLAIN, 'insert', pairInList);
  const [event] = await captured.of('insert into numbers values (3, 12.50, 1, null)');
  expect(writtenText(exact, event!)).toContain('{"id":3,"n":"12.50","f":1.0,"ns":null}');
});

test('a key of which a part is masked is in no id: rows would be one node', async () => {
  const columns = compileColumnPolicy({ mask: ['orders.id', 'lines.b'] });
  const masking = drasiFormat(captured.catalog, { ...FLOATS, columns }, 'insert', pairInList);
  const rows = await captured.of(`
    insert into orders values (78, 'a', 'x'), (79, 'b', 'x');
    insert into lines values (6, 'y')`);
  const ids = rows.map((event) => idOf(written<Change>(masking, event)));
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^(orders|lines):[\da-f-]{36}$/);
});

test('a key that may not be shown, or not all of it, is in no id', async () => {
  const hidden = new Set(['id', 'b']);
  const policy: ColumnPolicy = {
    writer: (view, column, write) => (hidden.has(view.columns[column]!.name) ? null : write),
    masks: () => false,
  };
  const hiding = drasiFormat(
    captured.catalog,
    { ...FLOATS, columns: policy },
    'insert',
    pairInList,
  );
  const [event, line, moved] = await captured.of(`
    insert into orders values (77, 'a', 'x');
    insert into lines values (4, 'z');
    update lines set b = 5 where a = 'z'`);
  const { element } = written<Change>(hiding, event!);
  expect(element?.id).toMatch(/^orders:[\da-f-]{36}$/);
  expect(element?.properties).toEqual({ code: 'a', note: 'x' });
  const changes = [line!, moved!].flatMap((change) => writtenValues<Change>(hiding, change));
  expect(changes.map(({ operation }) => operation)).toEqual(['insert', 'update']);
  for (const change of changes) expect(idOf(change)).toMatch(/^lines:[\da-f-]{36}$/);
});

describe('an escaped id', () => {
  const escaped = drasiFormat(captured.catalog, FLOATS, 'update', pairInList, 'escaped');
  const idsOf = async (sql: string): Promise<(string | undefined)[]> =>
    (await captured.of(sql)).flatMap((event) => writtenValues<Change>(escaped, event)).map(idOf);

  test('is another one for each key, whatever stands in it', async () => {
    const pairs = [
      'x_y|z',
      'x|y_z',
      'x%5Fy|z',
      'x%|5Fy_z',
      '|_',
      '_|',
      'null|a',
      '%6Eull|a',
      '"|\\',
    ];
    const rows = pairs.map((pair) => `('${pair.split('|').join("', '")}')`);
    const ids = await idsOf(`insert into pairs values ${rows.join(', ')}`);
    expect(ids).toEqual([
      'pairs:x%5Fy_z',
      'pairs:x_y%5Fz',
      'pairs:x%255Fy_z',
      'pairs:x%25_5Fy%5Fz',
      'pairs:_%5F',
      'pairs:%5F_',
      'pairs:%6Eull_a',
      'pairs:%256Eull_a',
      'pairs:"_\\',
    ]);
    const joined = await changesOf(`update pairs set c = 1`);
    expect(new Set(joined.map(idOf)).size).toBeLessThan(pairs.length);
  });

  test('tells a key that is null from one that is the text', async () => {
    expect(await idsOf(`insert into by_hand values (71, null), (72, 'null')`)).toEqual([
      'by_hand:null',
      'by_hand:%6Eull',
    ]);
  });

  test('tells a name with a dot or a colon from a schema and a key', async () => {
    expect(
      await idsOf(`insert into "sales.orders" values (81); insert into sales.orders values (81)`),
    ).toEqual(['sales%2Eorders:81', 'sales.orders:81']);
  });

  test('is the same for the insert, the update and the delete, and a change of key names both', async () => {
    expect(
      await idsOf(`
        insert into pairs values ('k_1', 'v', 1);
        update pairs set c = 2 where a = 'k_1';
        update pairs set a = 'k_2' where a = 'k_1';
        delete from pairs where a = 'k_2'`),
    ).toEqual([
      'pairs:k%5F1_v',
      'pairs:k%5F1_v',
      'pairs:k%5F1_v',
      'pairs:k%5F2_v',
      'pairs:k%5F2_v',
    ]);
  });
});

test('a new element has a key column that the update left alone and only the old key told', async () => {
  const [, deleted, inserted] = await changesOf(`
    insert into wide_keys values (1, repeat('x', 2100), 'n');
    update wide_keys set id = 2`);
  expect(idOf(deleted)).toBe(`wide_keys:1_${'x'.repeat(2100)}`);
  expect(inserted?.element?.properties).toEqual({ id: 2, k: 'x'.repeat(2100), note: 'n' });
});
