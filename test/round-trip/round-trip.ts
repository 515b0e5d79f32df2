import { Client } from 'pg';
import { JsonWriter } from '../../src/changes/json-writer.ts';
import { compileValueWriter } from '../../src/changes/values/compile.ts';
import type { ValueOptions } from '../../src/changes/values/value-writer.ts';
import { PEEK_SETTINGS } from '../../src/postgres/session-settings.ts';
import { PostgresTypeCatalog } from '../../src/postgres/type-catalog.ts';
import { readJson } from './lossless-json.ts';
import { textLiteral, type TypeShape } from './text-literal.ts';

/** A session whose results stay what the types' output functions print, as in pgoutput. */
export async function connect(connectionString: string): Promise<Client> {
  const client = new Client({
    connectionString,
    types: { getTypeParser: () => (text: string | Buffer) => text },
  });
  await client.connect();
  return client;
}

export type ColumnType = { readonly oid: number; readonly sql: string; readonly shape: TypeShape };

/** By walking pg_type a type at a time, not the way the product's catalog reads it. */
export async function columnType(client: Client, sql: string): Promise<ColumnType> {
  const { rows } = await client.query(`select $1::regtype::oid as oid`, [sql]);
  const oid = Number(rows[0].oid);
  return { oid, sql, shape: await shapeOf(client, oid) };
}

async function shapeOf(client: Client, oid: number): Promise<TypeShape> {
  const { rows } = await client.query(
    `select typname, typtype, typcategory, typelem, typbasetype, typdelim, typrelid, typsend::text
     from pg_type where oid = $1`,
    [oid],
  );
  const type = rows[0];
  if (type.typtype === 'd') return shapeOf(client, Number(type.typbasetype));
  if (type.typsend === 'array_send') {
    const element = await shapeOf(client, Number(type.typelem));
    return { kind: 'array', element, delimiter: type.typdelim };
  }
  if (type.typtype !== 'c') return { kind: 'scalar', name: type.typname };
  const attributes = await client.query(
    `select attname, atttypid from pg_attribute
     where attrelid = $1 and attnum > 0 and not attisdropped order by attnum`,
    [type.typrelid],
  );
  const fields = [];
  for (const { attname, atttypid } of attributes.rows) {
    fields.push({ name: attname as string, shape: await shapeOf(client, Number(atttypid)) });
  }
  return { kind: 'composite', fields };
}

export type Crossing = {
  readonly given: string;
  /** As the server printed it. */
  readonly text: string;
  readonly json: string;
  readonly back: string | null;
  /** Whether the value read from `back` is, byte for byte, the stored one. */
  readonly same: boolean;
};

const OPTIONS: ValueOptions = { int8: 'number', numeric: 'string' };
const utf8 = new TextEncoder();

/** Stores the values, writes what the server prints of them as JSON, and stores what that says. */
export async function roundTrip(
  client: Client,
  type: ColumnType,
  given: readonly string[],
): Promise<Crossing[]> {
  await client.query('begin');
  try {
    await client.query(PEEK_SETTINGS);
    return await thereAndBack(client, type, given);
  } finally {
    await client.query('rollback');
  }
}

async function thereAndBack(
  client: Client,
  type: ColumnType,
  given: readonly string[],
): Promise<Crossing[]> {
  const catalog = new PostgresTypeCatalog();
  await catalog.load([type.oid], (text, params) => client.query(text, params));
  const write = compileValueWriter(type.oid, catalog, OPTIONS);
  const out = new JsonWriter(1);

  const texts = await store(client, 'there', type, given);
  const crossed = texts.map((text, index) => {
    out.clear();
    const bytes = utf8.encode(`<${text}>`);
    write(bytes, 1, bytes.length - 1, out);
    const json = out.text();
    return { given: given[index]!, text, json, back: textLiteral(readJson(json), type.shape) };
  });
  await store(
    client,
    'back',
    type,
    crossed.map(({ back }) => back),
  );

  // The record image operators compare bytes, also of types without an equality of their own.
  const { rows } = await client.query(
    `select (there *= back)::text as same
     from there join back using (number) order by number`,
  );
  return crossed.map((crossing, index) => ({ ...crossing, same: rows[index].same === 'true' }));
}

async function store(
  client: Client,
  table: string,
  type: ColumnType,
  values: readonly (string | null)[],
): Promise<string[]> {
  await client.query(`create temporary table ${table} (number int, value ${type.sql})`);
  const rows = values.map((_, index) => `(${index}, $${index + 1})`);
  await client.query(`insert into ${table} values ${rows.join()}`, [...values]);
  const stored = await client.query(`select value from ${table} order by number`);
  return stored.rows.map(({ value }) => value as string);
}
