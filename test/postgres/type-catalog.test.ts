import { beforeAll, describe, expect, test } from 'vitest';
import { type CatalogQuery, PostgresTypeCatalog } from '../../src/postgres/type-catalog.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    create type mood as enum ('sad', 'ok');
    create domain percent as numeric(5, 2);
    create domain boxes as box[];
    create type spot as (id int8, gone text, "the ""mood""" mood, share percent, boxes boxes);
    alter type spot drop attribute gone;
    create type nothing as ();
    create type span as range (subtype = numeric, multirange_type_name = spans);
    create table orders (id int8 primary key, spots spot[]);
  `);
});

/** Counts what the catalog asks. */
function counted(): { query: CatalogQuery; asked: () => number } {
  let asked = 0;
  return {
    query: async (text, params) => {
      asked += 1;
      return { rows: await database.query(text, params) };
    },
    asked: () => asked,
  };
}

async function oidOf(name: string): Promise<number> {
  const [row] = await database.query<{ oid: number }>('select $1::regtype::oid as oid', [name]);
  return Number(row!.oid);
}

async function oidsOf(names: readonly string[]): Promise<number[]> {
  const oids = [];
  for (const name of names) oids.push(await oidOf(name));
  return oids;
}

const brokenQuery: CatalogQuery = () => Promise.reject(new Error('connection lost'));

async function look(catalog: PostgresTypeCatalog, name: string) {
  return catalog.lookUp(await oidOf(name));
}

describe('the type catalog', () => {
  test('asks nothing for built-in types', async () => {
    const catalog = new PostgresTypeCatalog();
    const { query, asked } = counted();
    const oids = await oidsOf(['int4', 'text[]', 'jsonb', 'int8range', 'box[]']);
    await catalog.load(oids, query);
    expect(catalog.missing(oids)).toEqual([]);
    expect(asked()).toBe(0);
    expect(await look(catalog, 'box[]')).toEqual({
      kind: 'array',
      elementOid: await oidOf('box'),
      delimiter: ';',
    });
  });

  test('loads a type and all that it is made of with one query, once', async () => {
    const catalog = new PostgresTypeCatalog();
    const { query, asked } = counted();
    const orders = await oidOf('orders[]');
    expect(catalog.missing([orders, orders, 23])).toEqual([orders]);
    await catalog.load([orders], query);
    await catalog.load([orders, await oidOf('spot'), await oidOf('percent')], query);
    expect(asked()).toBe(1);

    expect(await look(catalog, 'orders[]')).toEqual({
      kind: 'array',
      elementOid: await oidOf('orders'),
      delimiter: ',',
    });
    expect(await look(catalog, 'orders')).toEqual({
      kind: 'composite',
      attributes: [
        { name: 'id', typeOid: await oidOf('int8') },
        { name: 'spots', typeOid: await oidOf('spot[]') },
      ],
    });
    expect(await look(catalog, 'spot')).toEqual({
      kind: 'composite',
      attributes: [
        { name: 'id', typeOid: await oidOf('int8') },
        { name: 'the "mood"', typeOid: await oidOf('mood') },
        { name: 'share', typeOid: await oidOf('percent') },
        { name: 'boxes', typeOid: await oidOf('boxes') },
      ],
    });
    expect(await look(catalog, 'mood')).toEqual({ kind: 'scalar' });
    expect(await look(catalog, 'percent')).toEqual({
      kind: 'domain',
      baseOid: await oidOf('numeric'),
    });
    expect(await look(catalog, 'boxes')).toEqual({ kind: 'domain', baseOid: await oidOf('box[]') });
  });

  test('knows an array of a domain, an empty composite, a range and its multirange', async () => {
    const catalog = new PostgresTypeCatalog();
    const names = ['boxes[]', 'nothing', 'span', 'span[]', 'spans', 'mood[]'];
    await catalog.load(await oidsOf(names), counted().query);
    const types = [];
    for (const name of names) types.push(await look(catalog, name));
    expect(types).toEqual([
      // A domain has the delimiter of its base.
      { kind: 'array', elementOid: await oidOf('boxes'), delimiter: ';' },
      { kind: 'composite', attributes: [] },
      { kind: 'scalar' },
      { kind: 'array', elementOid: await oidOf('span'), delimiter: ',' },
      { kind: 'scalar' },
      { kind: 'array', elementOid: await oidOf('mood'), delimiter: ',' },
    ]);
  });

  test('remembers that a type does not exist any more', async () => {
    const catalog = new PostgresTypeCatalog();
    const { query, asked } = counted();
    await catalog.load([4_294_967_295], query);
    await catalog.load([4_294_967_295], query);
    expect(catalog.lookUp(4_294_967_295)).toEqual({ kind: 'scalar' });
    expect(asked()).toBe(1);
  });

  test('still misses what a failed query was to tell', async () => {
    const catalog = new PostgresTypeCatalog();
    const mood = await oidOf('mood');
    await expect(catalog.load([mood], brokenQuery)).rejects.toThrow('connection lost');
    expect(catalog.missing([mood])).toEqual([mood]);
  });
});
