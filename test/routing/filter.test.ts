import { describe, expect, test } from 'vitest';
import type { ChangeEvent } from '../../src/changes/change-event.ts';
import type { Condition } from '../../src/routing/condition.ts';
import {
  compileFilter,
  type FilterFunction,
  type FilterOptions,
} from '../../src/routing/filter.ts';
import { captureEvents } from '../formats/captured-events.ts';

const VALUES = { int8: 'number', numeric: 'string' } as const;

const { catalog, of } = await captureEvents(`
  create schema audit;
  create table orders (
    id int primary key, status text, amount numeric, big int8, paid boolean, at timestamptz,
    meta jsonb, tags text[], "dotted.name" text, rate float8);
  create table orders_2025 (id int primary key, status text);
  create table "Odd.Name" (id int primary key);
  create table audit.orders (id int primary key, status text);
  create table full_rows (id int primary key, status text, n int);
  alter table full_rows replica identity full;
  create table large_full (id int primary key, n int, note text);
  alter table large_full replica identity full;
  alter table large_full alter note set storage external;
  create table large (id int primary key, n int, note text);
  alter table large alter note set storage external;
  create table times (id int primary key, plain timestamp, zoned timestamptz, day date)`);

const events = await of(`
  insert into orders values (1, 'paid', 12.50, 9007199254740993, true,
    '2026-01-31 12:00:00+00', '{"kind": "gift", "n": 12345678901234567890}', '{a}', 'x', 'NaN');
  insert into orders values (2, 'new', 100, 5, false, null, null, null, null, 0.1);
  update orders set status = 'sent' where id = 1;
  update orders set id = 3 where id = 2;
  delete from orders where id = 3;
  insert into orders_2025 values (1, 'paid');
  insert into "Odd.Name" values (1);
  insert into audit.orders values (1, 'paid');
  insert into full_rows values (1, 'new', 1);
  update full_rows set status = 'paid';
  update full_rows set n = 2;
  delete from full_rows;
  truncate orders;
  select pg_logical_emit_message(false, 'other', 'hello');
  select pg_logical_emit_message(true, 'orders.paid', 'hello')`);

/** As `orders insert 1`, for those that the filter lets through. */
function kept(options: FilterOptions, among: readonly ChangeEvent[] = events): string[] {
  const wants = compileFilter('hooks', options, catalog, VALUES);
  return among.filter((event) => wants?.(event) ?? true).map(nameOf);
}

function nameOf(event: ChangeEvent): string {
  if (event.op === 'message') return `message ${event.prefix}`;
  const { schema, table } = event.relation!;
  return `${schema}.${table} ${event.op}`;
}

const tablesOf = (tables: readonly string[]): string[] => [
  ...new Set(kept({ tables, operations: ['insert'] }).map((name) => name.split(' ')[0]!)),
];

test('asked for nothing, there is no filter to run', () => {
  expect(compileFilter('hooks', undefined, catalog, VALUES)).toBeNull();
  expect(compileFilter('hooks', {}, catalog, VALUES)).toBeNull();
});

describe('tables', () => {
  test.each([
    [['orders'], ['public.orders']],
    [['public.orders_*'], ['public.orders_2025']],
    [['*'], ['public.orders', 'public.orders_2025', 'public.Odd.Name', 'public.full_rows']],
    [['audit.*'], ['audit.orders']],
    [['*.orders'], ['public.orders', 'audit.orders']],
    [['"Odd.Name"'], ['public.Odd.Name']],
    [['public."Odd.*"'], []],
    [
      ['*.*', '!audit.*', '!public.o*'],
      ['public.Odd.Name', 'public.full_rows'],
    ],
    [['!orders', 'orders', 'orders_2025'], ['public.orders_2025']],
    [['!public.*'], ['audit.orders']],
    [['Orders'], []],
    [[], []],
  ])('%j are %j', (tables, expected) => {
    expect(tablesOf(tables)).toEqual(expected);
  });

  test('say nothing of logical messages, which operations and prefixes choose', () => {
    const messages = ['message other', 'message orders.paid'];
    expect(kept({ tables: [] })).toEqual(messages);
    expect(kept({ tables: [], operations: ['insert', 'truncate'] })).toEqual([]);
    expect(kept({ operations: ['message'], prefixes: ['orders.*'] })).toEqual(messages.slice(1));
    expect(kept({ operations: ['message'], prefixes: ['!other'] })).toEqual(messages.slice(1));
    expect(kept({ tables: [], prefixes: [] })).toEqual([]);
  });
});

test('operations are those named', () => {
  expect(kept({ tables: ['orders'], operations: ['truncate', 'delete'], prefixes: [] })).toEqual([
    'public.orders delete',
    'public.orders truncate',
  ]);
});

test('what was too large to be read is judged by its table and operation alone', () => {
  const row = events[0]!;
  if (row.op !== 'insert') throw new Error('the first event is an insert');
  const { relation, transaction, seq, lsnHigh, lsnLow } = row;
  const place = { transaction, seq, lsnHigh, lsnLow, sizeBytes: 1 << 30 };
  const tooLarge = { ...place, op: 'oversized', originalOp: 'insert', relation } as const;
  const message = { ...place, op: 'oversized', originalOp: 'message', relation: null } as const;
  const wants = (options: FilterOptions): boolean =>
    compileFilter('hooks', options, catalog, VALUES)!(tooLarge);
  expect(wants({ tables: ['orders'], where: { 'after.status': 'nothing' } })).toBe(true);
  expect(wants({ tables: ['audit.*'] })).toBe(false);
  expect(wants({ operations: ['update'] })).toBe(false);
  expect(compileFilter('hooks', { prefixes: ['x'] }, catalog, VALUES)!(message)).toBe(true);
});

const seen = (where: FilterFunction): string[] => kept({ where }, events.slice(0, 4));

describe('a function', () => {
  test('sees the walhook event', () => {
    const fields: unknown[] = [];
    kept({
      tables: ['orders'],
      where: ({ op, schema, table, key, before, unchanged, seq, xid, prefix, cascade }) => {
        fields.push({
          op,
          schema,
          table,
          key: { ...key },
          before,
          unchanged,
          seq,
          prefix,
          cascade,
        });
        return typeof xid === 'number';
      },
    });
    expect(fields[0]).toEqual({
      op: 'insert',
      schema: 'public',
      table: 'orders',
      key: { id: 1 },
      before: null,
      unchanged: [],
      seq: 0,
      prefix: undefined,
      cascade: undefined,
    });
  });

  test('reads values as the event has them, exactly', () => {
    let row: unknown;
    seen((event) => {
      row ??= { ...event.after };
      return true;
    });
    expect(row).toEqual({
      id: 1,
      status: 'paid',
      amount: '12.50',
      big: 9_007_199_254_740_993n,
      paid: true,
      at: '2026-01-31T12:00:00.000000Z',
      meta: { kind: 'gift', n: 12_345_678_901_234_567_890n },
      tags: ['a'],
      'dotted.name': 'x',
      rate: 'NaN',
    });
  });

  test('finds rows to be objects in every way but one: they cannot be changed', () => {
    const looks: unknown[] = [];
    seen(({ after, key }) => {
      looks.push('status' in after!, 'nothing' in after!, Object.keys(key!), after!['nothing']);
      looks.push(Object.hasOwn(after!, 'id'), JSON.stringify(key));
      return true;
    });
    expect(looks.slice(0, 6)).toEqual([true, false, ['id'], undefined, true, '{"id":1}']);
    for (const change of [
      (row: Record<string, unknown>) => (row['status'] = 'x'),
      (row: Record<string, unknown>) => delete row['status'],
    ]) {
      expect(() => seen(({ after }) => Boolean(change(after as never)))).toThrow(
        expect.objectContaining({ code: 'filter_failed' }),
      );
    }
  });

  test('parses no value that it does not ask for', () => {
    const [event] = events;
    if (event?.op !== 'insert') throw new Error('the first event is an insert');
    // Bytes that no column could hold: reading them would fail.
    const bounds = event.new!.bounds.map((bound, index) => (index < 4 ? bound : Number.NaN));
    const broken = { ...event, new: Object.assign(Object.create(event.new), { bounds }) as never };
    expect(kept({ where: ({ after }) => after?.['status'] === 'paid' }, [broken])).toHaveLength(1);
  });

  test('that throws refuses that event by name, whatever it throws', () => {
    const wants = compileFilter(
      'orders',
      {
        where: ({ after }) => {
          if (after === null) throw new Error('no row');
          return true;
        },
      },
      catalog,
      VALUES,
    )!;
    expect(wants(events[0]!)).toBe(true);
    expect(() => wants(events[4]!)).toThrow(
      expect.objectContaining({
        name: 'WalhookError',
        code: 'filter_failed',
        message: expect.stringMatching(/^Endpoint orders, event [0-9A-F]{16}-0{8}: no row$/),
        cause: expect.objectContaining({ message: 'no row' }),
      }),
    );
  });

  test('that answers later is refused: a promise would let everything through', () => {
    expect(() => kept({ where: () => Promise.reject(new Error('late')) as never })).toThrow(
      /has to answer at once/,
    );
  });
});

describe('a condition', () => {
  const rows = events.filter((event) => nameOf(event).startsWith('public.orders '));
  const names = ['insert 1', 'insert 2', 'update 1', 'update 3', 'delete', 'truncate'];
  const holds = (where: Condition): string[] => {
    const wants = compileFilter('hooks', { where }, catalog, VALUES)!;
    return names.filter((_, index) => wants(rows[index]!));
  };

  test.each<[string, Condition, string[]]>([
    ['a value is eq', { 'after.status': 'paid' }, ['insert 1']],
    ['all entries hold', { 'after.status': 'new', op: 'insert' }, ['insert 2']],
    [
      'ne holds where there is no value',
      { 'after.status': { ne: 'new' } },
      ['insert 1', 'update 1', 'delete', 'truncate'],
    ],
    ['in', { op: { in: ['delete', 'truncate'] } }, ['delete', 'truncate']],
    ['notIn', { op: { notIn: ['insert', 'update'] } }, ['delete', 'truncate']],
    [
      'numerics are compared as numbers',
      { 'after.amount': { gt: 12.4, lte: 12.5 } },
      ['insert 1', 'update 1'],
    ],
    [
      'numerics are equal whatever their zeros',
      { 'after.amount': '12.5' },
      ['insert 1', 'update 1'],
    ],
    [
      'int8 past 2^53, exactly',
      { 'after.big': { gt: '9007199254740992' } },
      ['insert 1', 'update 1'],
    ],
    ['int8 past 2^53, exactly, the other way', { 'after.big': { gte: '9007199254740994' } }, []],
    ['NaN is the greatest number', { 'after.rate': { gt: 1e300 } }, ['insert 1', 'update 1']],
    ['a boolean', { 'after.paid': true }, ['insert 1', 'update 1']],
    ['a text is no boolean', { 'after.paid': 'true' }, []],
    ['a number is no text', { 'after.status': { gt: 0 } }, []],
    ['a time as text', { 'after.at': { gte: '2026-01-31' } }, ['insert 1', 'update 1']],
    [
      'a time without its fraction',
      { 'after.at': '2026-01-31T12:00:00Z' },
      ['insert 1', 'update 1'],
    ],
    ['a time later than that', { 'after.at': { gt: '2026-01-31 12:00Z' } }, []],
    [
      'a time with an offset',
      { 'after.at': { gte: '2026-01-31T14:00:00+02:00', lt: '2026-01-31T14:00:00.1+02' } },
      ['insert 1', 'update 1'],
    ],
    ['a time with an offset that is later', { 'after.at': { gte: '2026-01-31T12:00-0130' } }, []],
    ['a time without an offset', { 'after.at': '2026-01-31 12:00:00' }, ['insert 1', 'update 1']],
    ['what is no time', { 'after.at': { gt: 'a month ago' } }, []],
    ['null is a value', { 'after.meta': null }, ['insert 2', 'update 3']],
    ['isNull', { 'after.meta': { isNull: true } }, ['insert 2', 'update 3']],
    ['not isNull wants a value', { 'after.meta': { isNull: false } }, ['insert 1', 'update 1']],
    [
      'exists',
      { 'after.meta': { exists: true } },
      ['insert 1', 'insert 2', 'update 1', 'update 3'],
    ],
    ['does not exist', { 'after.meta': { exists: false } }, ['delete', 'truncate']],
    ['a column that is not there', { 'after.nothing': { exists: true } }, []],
    ['into a document', { 'after.meta.kind': 'gift' }, ['insert 1', 'update 1']],
    [
      'into a document, exactly',
      { 'after.meta.n': '12345678901234567890' },
      ['insert 1', 'update 1'],
    ],
    ['past the end of a document', { 'after.meta.kind.more': 'gift' }, []],
    ['a column with a dot in its name', { 'after.dotted.name': 'x' }, ['insert 1', 'update 1']],
    ['like', { 'after.status': { like: '_a%' } }, ['insert 1']],
    [
      'like takes its own characters literally',
      { 'after.status': { like: String.raw`pa.\%` } },
      [],
    ],
    ['prefix', { 'after.status': { prefix: 'ne' } }, ['insert 2', 'update 3']],
    ['the key', { 'key.id': { in: [1, 3] } }, ['insert 1', 'update 1', 'update 3', 'delete']],
    ['before, of a key that changed', { 'before.id': 2 }, ['update 3']],
    ['before has only the key', { 'before.status': { exists: true } }, []],
    ['or', { or: [{ op: 'delete' }, { 'after.id': 3 }] }, ['update 3', 'delete']],
    ['and', { and: [{ op: 'insert' }, { 'after.id': 1 }] }, ['insert 1']],
    ['not', { not: { or: [{ op: 'insert' }, { op: 'update' }] } }, ['delete', 'truncate']],
    ['table and schema', { table: 'orders', schema: 'public', op: 'delete' }, ['delete']],
  ])('%s: %j', (_, where, expected) => {
    expect(holds(where)).toEqual(expected);
  });

  test('on a message looks at what a message has', () => {
    expect(kept({ where: { op: 'message', prefix: { prefix: 'orders.' } } })).toEqual([
      'message orders.paid',
    ]);
    expect(kept({ where: { prefix: 'other', schema: null } })).toEqual(['message other']);
  });

  test('knows what changed where the server tells both rows', () => {
    const tables = ['full_rows'];
    expect(kept({ tables, prefixes: [], where: { 'after.status': { changed: true } } })).toEqual([
      'public.full_rows insert',
      'public.full_rows update',
      'public.full_rows delete',
    ]);
    const updates = (where: Condition): number =>
      kept({ tables, operations: ['update'], where }).length;
    expect(updates({ 'after.status': { changed: true, eq: 'paid' } })).toBe(1);
    expect(updates({ 'after.n': { changed: false } })).toBe(1);
    expect(updates({ 'after.id': { changed: true } })).toBe(0);
    expect(updates({ 'after.nothing': { changed: true } })).toBe(0);
  });

  test('takes a column for changed whose old value was not sent, but for a key', () => {
    const changed = { changed: true };
    expect(holds({ op: 'update', 'after.status': changed })).toEqual(['update 1', 'update 3']);
    expect(holds({ op: 'update', 'after.id': changed })).toEqual(['update 3']);
  });
});

describe('a large value that an update left alone', async () => {
  const updates = await of(`
    insert into large_full values (1, 0, repeat('x', 10000));
    update large_full set n = 1;
    insert into large values (1, 0, repeat('x', 10000));
    update large set n = 1`);
  const keptUpdates = (where: FilterOptions['where']): string[] =>
    kept({ operations: ['update'], where }, updates);

  test('is what the old row has, where that was sent', () => {
    expect(updates.filter(({ op }) => op === 'update')).toHaveLength(2);
    const full = ['public.large_full update'];
    expect(keptUpdates({ 'after.note': { like: 'xx%' } })).toEqual(full);
    expect(keptUpdates({ 'after.note': { exists: true } })).toEqual(full);
    expect(keptUpdates(({ after }) => String(after?.['note']).startsWith('xx'))).toEqual(full);
    expect(keptUpdates(({ after }) => Object.keys(after!).includes('note'))).toEqual(full);
    expect(keptUpdates({ 'after.note': { changed: true } })).toEqual([]);
  });

  test('is unknown elsewhere', () => {
    expect(keptUpdates({ 'after.note': { exists: false } })).toEqual(['public.large update']);
    const letPass = { or: [{ 'after.note': { like: 'x%' } }, { 'after.note': { exists: false } }] };
    expect(keptUpdates(letPass)).toHaveLength(2);
  });
});

describe('points in time', async () => {
  const rows = await of(`
    insert into times values
      (1, '2026-01-31 12:00:00', '2026-01-31 12:00:00+00', '2026-01-31'),
      (2, '12026-01-31 12:00:00', '12026-01-31 12:00:00+00', '12026-01-31'),
      (3, '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00+00 BC', '0044-03-15 BC'),
      (4, 'infinity', 'infinity', 'infinity'),
      (5, '-infinity', '-infinity', '-infinity')`);
  const ids = (where: Condition): unknown[] => {
    const wants = compileFilter('hooks', { where }, catalog, VALUES)!;
    return rows.flatMap((event, index) => (wants(event) ? [index + 1] : []));
  };

  test.each(['plain', 'zoned', 'day'])('of a column %s are in their order', (column) => {
    expect(ids({ [`after.${column}`]: { gt: '2026-02-01' } })).toEqual([2, 4]);
    expect(ids({ [`after.${column}`]: { lt: '2026-01-31' } })).toEqual([3, 5]);
    expect(ids({ [`after.${column}`]: { lt: '2026' } })).toEqual([3, 5]);
    expect(ids({ [`after.${column}`]: 'infinity' })).toEqual([4]);
    expect(ids({ [`after.${column}`]: { gte: '0044-03-15 BC', lt: '0043-01-01 BC' } })).toEqual([
      3,
    ]);
  });

  test('without an offset are UTC, in the column and in the filter', () => {
    expect(ids({ 'after.plain': '2026-01-31T14:00:00+02:00' })).toEqual([1]);
    expect(ids({ 'after.zoned': '2026-01-31T12:00:00' })).toEqual([1]);
    expect(ids({ 'after.day': '2026-01-31' })).toEqual([1]);
  });

  test('are none where there is no such day or hour', () => {
    for (const none of ['2026-02-29', '2026-13-01', '2026-01-31T25:00', '2026-01-31T12:60']) {
      expect(ids({ 'after.zoned': { gt: none } })).toEqual([]);
    }
    expect(ids({ 'after.zoned': { gt: '2024-02-29' } })).toEqual([1, 2, 4]);
  });
});
