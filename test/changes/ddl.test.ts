import { expect, test } from 'vitest';
import { captureChanges, pick } from '../support/captured-changes.ts';

const changes = await captureChanges('create table unrelated (id int primary key)');

/** Everything happens before the drain runs: the events have to be read as of their own time. */
const rows = async (sql: string) =>
  (await changes.of(sql)).map((event) => pick(event, 'table', 'key', 'after'));

test('rows come with the columns that the table had at their time', async () => {
  expect(
    await rows(`
      create table shapes (id int primary key, a text, b text);
      insert into shapes values (1, 'a1', 'b1');
      alter table shapes add c int default 7;
      insert into shapes values (2, 'a2', 'b2', 8);
      alter table shapes drop a;
      insert into shapes values (3, 'b3', 9);
      alter table shapes rename b to renamed;
      insert into shapes values (4, 'b4', 10)`),
  ).toEqual([
    { table: 'shapes', key: { id: 1 }, after: { id: 1, a: 'a1', b: 'b1' } },
    { table: 'shapes', key: { id: 2 }, after: { id: 2, a: 'a2', b: 'b2', c: 8 } },
    { table: 'shapes', key: { id: 3 }, after: { id: 3, b: 'b3', c: 9 } },
    { table: 'shapes', key: { id: 4 }, after: { id: 4, renamed: 'b4', c: 10 } },
  ]);
});

test('a column that changes its type changes how its values are written', async () => {
  expect(
    await rows(`
      create table retyped (id int primary key, v int);
      insert into retyped values (1, 10);
      alter table retyped alter v type text using v::text;
      insert into retyped values (2, 'ten');
      alter table retyped alter v type jsonb using to_jsonb(v);
      insert into retyped values (3, '{"n": 10}')`),
  ).toMatchObject([{ after: { v: 10 } }, { after: { v: 'ten' } }, { after: { v: { n: 10 } } }]);
});

test('the shape may change inside of a transaction', async () => {
  expect(
    await rows(`
      begin;
      create table inside (id int primary key);
      insert into inside values (1);
      alter table inside add note text;
      insert into inside values (2, 'x');
      commit`),
  ).toEqual([
    { table: 'inside', key: { id: 1 }, after: { id: 1 } },
    { table: 'inside', key: { id: 2 }, after: { id: 2, note: 'x' } },
  ]);
});

test('a renamed table comes under the name it had at the time', async () => {
  expect(
    await rows(`
      create table old_name (id int primary key);
      insert into old_name values (1);
      alter table old_name rename to new_name;
      insert into new_name values (2);
      create schema elsewhere;
      alter table new_name set schema elsewhere;
      insert into elsewhere.new_name values (3)`),
  ).toMatchObject([{ table: 'old_name' }, { table: 'new_name' }, { table: 'new_name' }]);
});

test('a table that is gone when the drain runs still gives its events', async () => {
  expect(
    await rows(`
      create type mood as enum ('sad');
      create table gone (id int primary key, m mood, ms mood[]);
      insert into gone values (1, 'sad', '{sad}');
      alter type mood add value 'glad';
      insert into gone values (2, 'glad', null);
      drop table gone; drop type mood;
      create table gone (other text primary key);
      insert into gone values ('new')`),
  ).toMatchObject([
    { key: { id: 1 }, after: { id: 1, m: 'sad' } },
    { key: { id: 2 }, after: { id: 2, m: 'glad' } },
    { key: { other: 'new' }, after: { other: 'new' } },
  ]);
});

test('a replica identity that changes counts from its change on', async () => {
  const events = await changes.of(`
    create table identities (id int primary key, code text not null unique, note text);
    insert into identities values (1, 'a', 'x');
    alter table identities replica identity full;
    update identities set note = 'y';
    alter table identities replica identity using index identities_code_key;
    update identities set code = 'b';
    alter table identities replica identity default;
    delete from identities`);
  expect(events.map((event) => pick(event, 'key', 'before'))).toEqual([
    { key: { id: 1 }, before: null },
    { key: { id: 1 }, before: { id: 1, code: 'a', note: 'x' } },
    { key: { code: 'b' }, before: { code: 'a' } },
    { key: { id: 1 }, before: { id: 1 } },
  ]);
});

test('a table added to a publication comes from then on, and no more once it is dropped from it', async () => {
  const altered = await captureChanges(
    `create table a (id int primary key); create table b (id int primary key);
     create publication growing for table a`,
    { publication: 'growing' },
  );
  const events = await altered.of(`
    insert into a values (1); insert into b values (1);
    alter publication growing add table b;
    insert into b values (2);
    alter publication growing drop table a;
    insert into a values (3); insert into b values (3)`);
  expect(events.map(({ table, key }) => [table, key])).toEqual([
    ['a', { id: 1 }],
    ['b', { id: 2 }],
    ['b', { id: 3 }],
  ]);
});
