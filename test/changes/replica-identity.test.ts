import { describe, expect, test } from 'vitest';
import { captureChanges, pick } from '../support/captured-changes.ts';

const changes = await captureChanges(
  `
  create table by_default (id int primary key, code text not null unique, note text);
  create table by_full (id int primary key, code text, note text);
  alter table by_full replica identity full;
  create table by_index (id int primary key, code text not null unique, note text);
  alter table by_index replica identity using index by_index_code_key;
  create table keyless_full (code text, note text);
  alter table keyless_full replica identity full;
  create table by_nothing (id int primary key, note text);
  alter table by_nothing replica identity nothing;
  create table keyless (note text);
  create table two_columns (b int, a int, note text, primary key (a, b));
  create table by_hand (id int primary key, code text, note text);
  alter table by_hand replica identity full;
  `,
  { keys: { 'public.by_hand': ['code'] } },
);

const shapes = async (sql: string) =>
  (await changes.of(sql)).map((event) => pick(event, 'op', 'key', 'before', 'after'));

describe('under replica identity default', () => {
  test('an update that leaves the key has nothing before, a delete has the key', async () => {
    expect(
      await shapes(`
        insert into by_default values (1, 'a', 'x');
        update by_default set note = 'y';
        delete from by_default`),
    ).toEqual([
      { op: 'insert', key: { id: 1 }, before: null, after: { id: 1, code: 'a', note: 'x' } },
      { op: 'update', key: { id: 1 }, before: null, after: { id: 1, code: 'a', note: 'y' } },
      { op: 'delete', key: { id: 1 }, before: { id: 1 }, after: null },
    ]);
  });

  test('an update of the key has the old key before', async () => {
    expect(
      await shapes(`
        insert into by_default values (2, 'a', null);
        update by_default set id = 3`),
    ).toMatchObject([
      {},
      { op: 'update', key: { id: 3 }, before: { id: 2 }, after: { id: 3, code: 'a', note: null } },
    ]);
  });

  test('a key of two columns is an object of both, in column order', async () => {
    const [insert, update] = await changes.of(`
      insert into two_columns values (2, 1, 'x');
      update two_columns set b = 5`);
    expect(JSON.stringify(insert?.['key'])).toBe('{"b":2,"a":1}');
    expect(update).toMatchObject({ key: { b: 5, a: 1 }, before: { b: 2, a: 1 } });
  });

  test('a table without a primary key has no key', async () => {
    expect(await shapes(`insert into keyless values ('x')`)).toEqual([
      { op: 'insert', key: null, before: null, after: { note: 'x' } },
    ]);
  });
});

describe('under replica identity full', () => {
  test('the whole old row is before, and the key is the primary key', async () => {
    expect(
      await shapes(`
        insert into by_full values (1, 'a', null);
        update by_full set note = 'y';
        update by_full set id = 2;
        delete from by_full`),
    ).toEqual([
      { op: 'insert', key: { id: 1 }, before: null, after: { id: 1, code: 'a', note: null } },
      {
        op: 'update',
        key: { id: 1 },
        before: { id: 1, code: 'a', note: null },
        after: { id: 1, code: 'a', note: 'y' },
      },
      {
        op: 'update',
        key: { id: 2 },
        before: { id: 1, code: 'a', note: 'y' },
        after: { id: 2, code: 'a', note: 'y' },
      },
      { op: 'delete', key: { id: 2 }, before: { id: 2, code: 'a', note: 'y' }, after: null },
    ]);
  });

  test('without a primary key there is no key', async () => {
    expect(
      await shapes(`insert into keyless_full values ('a', 'x'); delete from keyless_full`),
    ).toEqual([
      { op: 'insert', key: null, before: null, after: { code: 'a', note: 'x' } },
      { op: 'delete', key: null, before: { code: 'a', note: 'x' }, after: null },
    ]);
  });

  test('a configured key takes the place of the primary key', async () => {
    expect(
      await shapes(`
        insert into by_hand values (1, 'a', null);
        update by_hand set code = 'b';
        delete from by_hand`),
    ).toMatchObject([
      { key: { code: 'a' } },
      { key: { code: 'b' }, before: { id: 1, code: 'a', note: null } },
      { key: { code: 'b' } },
    ]);
  });
});

describe('under replica identity using index', () => {
  test("the index's columns are the key, also where they are not the primary key", async () => {
    expect(
      await shapes(`
        insert into by_index values (1, 'a', 'x');
        update by_index set id = 2;
        update by_index set code = 'b';
        delete from by_index`),
    ).toEqual([
      { op: 'insert', key: { code: 'a' }, before: null, after: { id: 1, code: 'a', note: 'x' } },
      { op: 'update', key: { code: 'a' }, before: null, after: { id: 2, code: 'a', note: 'x' } },
      {
        op: 'update',
        key: { code: 'b' },
        before: { code: 'a' },
        after: { id: 2, code: 'b', note: 'x' },
      },
      { op: 'delete', key: { code: 'b' }, before: { code: 'b' }, after: null },
    ]);
  });
});

describe('under replica identity nothing', () => {
  test('an insert still has the primary key', async () => {
    expect(await shapes(`insert into by_nothing values (1, 'x')`)).toEqual([
      { op: 'insert', key: { id: 1 }, before: null, after: { id: 1, note: 'x' } },
    ]);
  });
});
