import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JsonWriter } from '../../src/changes/json-writer.ts';
import { compileValueWriter } from '../../src/changes/values/compile.ts';
import { PgoutputDecoder } from '../../src/pgoutput/decoder.ts';
import { PEEK_SETTINGS } from '../../src/postgres/session-settings.ts';
import { PostgresTypeCatalog } from '../../src/postgres/type-catalog.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const COLUMNS = {
  id: ['bigint', '9007199254740993'],
  flag: ['boolean', 't'],
  ratio: ['double precision', '1e-20'],
  nothing: ['double precision', 'NaN'],
  amount: ['numeric(20, 4)', '12.5'],
  note: ['text', 'line 1\nline "2" \\ 漢😀'],
  code: ['character(5)', 'ab'],
  doc: ['json', '{"a":\n  [1.0]}'],
  meta: ['jsonb', '{"b": 12345678901234567890}'],
  bytes: ['bytea', '\\x00ff10'],
  at: ['timestamptz', '2026-01-31 12:00:00.5+02'],
  local: ['timestamp', '2026-01-31 12:00:00'],
  ancient: ['timestamptz', '0044-03-15 12:00:00+00 BC'],
  span: ['interval', '1 year -3 days 00:00:00.5'],
  tags: ['text[]', '{a,null,"NULL","b,\\"c"}'],
  grid: ['int[]', '[0:1][5:6]={{1,2},{3,4}}'],
  address: ['inet', '10.0.0.1'],
  spot: ['place', '(1,"a ""b""","{x,y}")'],
  age: ['years', '7'],
  period: ['daterange', '[2026-01-01,2026-02-01)'],
} as const;

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});
afterAll(() => client.end());

test('a row that comes through a slot is written under the settings of a peek', async () => {
  const columns = Object.entries(COLUMNS);
  const slot = `values_${database.name}`;
  await client.query(`
    create type place as (id int, label text, tags text[]);
    create domain years as int check (value >= 0);
    create table item (${columns.map(([name, [type]]) => `${name} ${type}`).join()});
    create publication values_publication for table item`);
  await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  const values = columns.map(([, [, value]]) => value);
  const places = values.map((_, index) => `$${index + 1}`).join();
  await client.query(`insert into item values (${places})`, values);

  await client.query(`begin; ${PEEK_SETTINGS}`);
  const { rows } = await client.query<{ data: Buffer }>(
    `select data from pg_logical_slot_peek_binary_changes($1, null, null,
       'proto_version', '1', 'publication_names', 'values_publication')`,
    [slot],
  );
  await client.query('commit');

  expect(await writeInsert(rows.map(({ data }) => data))).toEqual([
    ['id', '9007199254740993'],
    ['flag', 'true'],
    ['ratio', '1e-20'],
    ['nothing', '"NaN"'],
    ['amount', '"12.5000"'],
    ['note', '"line 1\\nline \\"2\\" \\\\ 漢😀"'],
    ['code', '"ab   "'],
    ['doc', '{"a":   [1.0]}'],
    ['meta', '{"b": 12345678901234567890}'],
    ['bytes', '"AP8Q"'],
    ['at', '"2026-01-31T10:00:00.500000Z"'],
    ['local', '"2026-01-31T12:00:00.000000"'],
    ['ancient', '"0044-03-15 12:00:00+00 BC"'],
    ['span', '"P1Y-3DT0.5S"'],
    ['tags', '["a",null,"NULL","b,\\"c"]'],
    ['grid', '[[1,2],[3,4]]'],
    ['address', '"10.0.0.1"'],
    ['spot', '{"id":1,"label":"a \\"b\\"","tags":["x","y"]}'],
    ['age', '7'],
    ['period', '"[2026-01-01,2026-02-01)"'],
  ]);
});

/** Name and JSON of each column of the one insert among the messages. */
async function writeInsert(data: readonly Uint8Array[]): Promise<[string, string][]> {
  const decoder = new PgoutputDecoder({ protocolVersion: 1 });
  const messages = data.map((bytes) => decoder.decode(bytes));
  const relation = messages.find((message) => message.kind === 'relation')!;
  const insert = messages.find((message) => message.kind === 'insert')!;
  const catalog = new PostgresTypeCatalog();
  await catalog.load(
    relation.columns.map((column) => column.typeOid),
    (text, params) => client.query(text, params),
  );
  return relation.columns.map(({ name, typeOid }, column) => {
    const write = compileValueWriter(typeOid, catalog, { int8: 'number', numeric: 'string' });
    const out = new JsonWriter();
    const value = insert.new.valueBytes(column)!;
    write(value, 0, value.length, out);
    return [name, out.text()];
  });
}
