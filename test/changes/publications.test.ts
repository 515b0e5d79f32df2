import { describe, expect, test } from 'vitest';
import { captureChanges, pick } from '../support/captured-changes.ts';
import { serverMajorVersion } from '../support/database.ts';

test('only published tables and operations come', async () => {
  const changes = await captureChanges(
    `create table a (id int primary key); create table b (id int primary key);
     create publication part for table a with (publish = 'insert, delete')`,
    { publication: 'part' },
  );
  const events = await changes.of(`
    insert into a values (1); insert into b values (1); update a set id = 2; delete from a;
    truncate a`);
  expect(events.map(({ op, table }) => `${String(op)} ${String(table)}`)).toEqual([
    'insert a',
    'delete a',
  ]);
});

test('a publication whose name needs quotes is read', async () => {
  const changes = await captureChanges(
    `create table a (id int primary key);
     create publication "Größe, ""it's"" one" for table a`,
    { publication: `Größe, "it's" one` },
  );
  expect(await changes.of('insert into a values (1)')).toMatchObject([{ after: { id: 1 } }]);
});

test('rows of partitions come as their root table', async () => {
  const changes = await captureChanges(`
    create table sales (id int, region text, primary key (id, region)) partition by list (region);
    create table sales_north partition of sales for values in ('north');
    create table sales_rest partition of sales default partition by list (region);
    create table sales_deep partition of sales_rest for values in ('deep')`);
  const events = await changes.of(`
    insert into sales values (1, 'north'), (2, 'deep');
    update sales set region = 'deep' where id = 1;
    delete from sales_deep where id = 2;
    truncate sales`);
  expect(events.map((event) => pick(event, 'op', 'table', 'key'))).toEqual([
    { op: 'insert', table: 'sales', key: { id: 1, region: 'north' } },
    { op: 'insert', table: 'sales', key: { id: 2, region: 'deep' } },
    // A row that moves to another partition is deleted from one and inserted into the other.
    { op: 'delete', table: 'sales', key: { id: 1, region: 'north' } },
    { op: 'insert', table: 'sales', key: { id: 1, region: 'deep' } },
    { op: 'delete', table: 'sales', key: { id: 2, region: 'deep' } },
    { op: 'truncate', table: 'sales', key: null },
  ]);
});

describe.skipIf(serverMajorVersion < 15)('a publication', () => {
  test('with a column list sends those columns alone', async () => {
    const changes = await captureChanges(
      `create table people (id int primary key, name text, ssn text);
       create publication narrow for table people (id, name)`,
      { publication: 'narrow' },
    );
    const [insert, update] = await changes.of(`
      insert into people values (1, 'Ada', 'secret');
      update people set ssn = 'other'`);
    expect(insert?.['after']).toEqual({ id: 1, name: 'Ada' });
    expect(update?.['after']).toEqual({ id: 1, name: 'Ada' });
  });

  test('whose column list leaves out a part of the primary key leaves no key under full', async () => {
    const changes = await captureChanges(
      `create table pairs (a int, b int, note text, primary key (a, b));
       create publication narrow for table pairs (a, note) with (publish = 'insert')`,
      { publication: 'narrow' },
    );
    const [insert] = await changes.of(`insert into pairs values (1, 2, 'x')`);
    expect(insert?.['after']).toEqual({ a: 1, note: 'x' });
  });

  test('with a row filter turns updates across its border into inserts and deletes', async () => {
    const changes = await captureChanges(
      `create table orders (id int primary key, total int);
       alter table orders replica identity full;
       create publication large for table orders where (total > 100)`,
      { publication: 'large' },
    );
    const events = await changes.of(`
      insert into orders values (1, 50), (2, 200);
      update orders set total = 150 where id = 1;
      update orders set total = 10 where id = 2;
      delete from orders`);
    expect(events.map((event) => pick(event, 'op', 'key'))).toEqual([
      { op: 'insert', key: { id: 2 } },
      { op: 'insert', key: { id: 1 } },
      { op: 'delete', key: { id: 2 } },
      { op: 'delete', key: { id: 1 } },
    ]);
  });

  test('for a schema sends its tables, also those made later', async () => {
    const changes = await captureChanges(
      'create schema shop; create publication of_schema for tables in schema shop',
      { publication: 'of_schema' },
    );
    const events = await changes.of(`
      create table shop.a (id int primary key); create table b (id int primary key);
      insert into shop.a values (1); insert into b values (1)`);
    expect(events).toMatchObject([{ schema: 'shop', table: 'a' }]);
    expect(events).toHaveLength(1);
  });
});
