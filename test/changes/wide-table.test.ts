import { expect, test } from 'vitest';
import { captureChanges } from '../support/captured-changes.ts';

type Column = { readonly type: string; readonly value: string; readonly json: string };

/** One column a type: what is inserted, and the exact text that has to stand in the event. */
const COLUMNS: Record<string, Column> = {
  int2: { type: 'int2', value: '-32768', json: '-32768' },
  int4: { type: 'int4', value: '2147483647', json: '2147483647' },
  int8: { type: 'int8', value: '9007199254740993', json: '9007199254740993' },
  int8_least: { type: 'int8', value: '-9223372036854775808', json: '-9223372036854775808' },
  oid: { type: 'oid', value: '4294967295', json: '4294967295' },
  float4: { type: 'float4', value: '0.1', json: '0.1' },
  float8: { type: 'float8', value: '0.1::float8 + 0.2', json: '0.30000000000000004' },
  float_small: { type: 'float8', value: '1e-300', json: '1e-300' },
  float_nan: { type: 'float8', value: `'NaN'`, json: '"NaN"' },
  float_infinite: { type: 'float8', value: `'-Infinity'`, json: '"-Infinity"' },
  numeric: { type: 'numeric', value: '12.50', json: '"12.50"' },
  numeric_long: {
    type: 'numeric',
    value: '123456789012345678901234567890.000000000000000000001',
    json: '"123456789012345678901234567890.000000000000000000001"',
  },
  numeric_nan: { type: 'numeric', value: `'NaN'`, json: '"NaN"' },
  numeric_infinite: { type: 'numeric', value: `'Infinity'`, json: '"Infinity"' },
  money: { type: 'money', value: '1.5', json: '"$1.50"' },
  bool: { type: 'bool', value: 'true', json: 'true' },
  bool_false: { type: 'bool', value: 'false', json: 'false' },
  text: {
    type: 'text',
    value: `E'quote " backslash \\\\ tab \\t 漢 😀 \\x01'`,
    json: String.raw`"quote \" backslash \\ tab \t 漢 😀 \u0001"`,
  },
  empty: { type: 'text', value: `''`, json: '""' },
  nothing: { type: 'text', value: 'null', json: 'null' },
  varchar: { type: 'varchar(5)', value: `'ab'`, json: '"ab"' },
  char: { type: 'char(4)', value: `'ab'`, json: '"ab  "' },
  uuid: {
    type: 'uuid',
    value: `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`,
    json: '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"',
  },
  bytea: { type: 'bytea', value: String.raw`'\x00ff10'`, json: '"AP8Q"' },
  bytea_empty: { type: 'bytea', value: `''`, json: '""' },
  timestamptz: {
    type: 'timestamptz',
    value: `'2026-01-31 12:00:00.123456+02'`,
    json: '"2026-01-31T10:00:00.123456Z"',
  },
  timestamptz_bc: {
    type: 'timestamptz',
    value: `'0044-03-15 12:00:00+00 BC'`,
    json: '"0044-03-15 12:00:00+00 BC"',
  },
  timestamptz_infinite: { type: 'timestamptz', value: `'infinity'`, json: '"infinity"' },
  timestamp: {
    type: 'timestamp',
    value: `'2026-01-31 12:00:00.5'`,
    json: '"2026-01-31T12:00:00.500000"',
  },
  timestamp_infinite: { type: 'timestamp', value: `'-infinity'`, json: '"-infinity"' },
  date: { type: 'date', value: `date '2026-01-31'`, json: '"2026-01-31"' },
  date_bc: { type: 'date', value: `'0044-03-15 BC'`, json: '"0044-03-15 BC"' },
  time: { type: 'time', value: `'23:59:59.999999'`, json: '"23:59:59.999999"' },
  timetz: { type: 'timetz', value: `'12:00:00+05:45'`, json: '"12:00:00+05:45"' },
  interval: {
    type: 'interval',
    value: `'1 year 2 months -3 days 04:05:06.7'`,
    json: '"P1Y2M-3DT4H5M6.7S"',
  },
  interval_zero: { type: 'interval', value: `'0'`, json: '"PT0S"' },
  json: { type: 'json', value: `'{"b":1,  "a":[1.00]}'`, json: '{"b":1,  "a":[1.00]}' },
  jsonb: {
    type: 'jsonb',
    value: String.raw`'{"n": 123456789012345678901234567890.10, "t": "\u00e9\u0001\"", "z": null}'`,
    json: String.raw`{"n": 123456789012345678901234567890.10, "t": "é\u0001\"", "z": null}`,
  },
  jsonb_null: { type: 'jsonb', value: `'null'`, json: 'null' },
  inet: { type: 'inet', value: `'10.0.0.0/8'`, json: '"10.0.0.0/8"' },
  int4range: { type: 'int4range', value: `'[1,5)'`, json: '"[1,5)"' },
  tstzrange: {
    type: 'tstzrange',
    value: `'[2026-01-31 12:00+00,)'`,
    json: String.raw`"[\"2026-01-31 12:00:00+00\",)"`,
  },
  point: { type: 'point', value: `'(1.5,-2)'`, json: '"(1.5,-2)"' },
  bit: { type: 'bit(3)', value: `B'101'`, json: '"101"' },
  tsvector: { type: 'tsvector', value: `'a:1 b:2'`, json: String.raw`"'a':1 'b':2"` },
  lsn: { type: 'pg_lsn', value: `'16/B374D848'`, json: '"16/B374D848"' },
  enum: { type: 'mood', value: `'it''s "fine"'`, json: String.raw`"it's \"fine\""` },
  domain: { type: 'positive', value: '7', json: '7' },
  composite: {
    type: 'item',
    value: `row('a "b", (c)', 9007199254740993, row(1.50, null)::price, '{x,NULL}')`,
    json: String.raw`{"name":"a \"b\", (c)","n":9007199254740993,"price":{"amount":"1.50","since":null},"tags":["x",null]}`,
  },
  ints: {
    type: 'int8[]',
    value: `'{9007199254740993,NULL,-1}'`,
    json: '[9007199254740993,null,-1]',
  },
  nested: { type: 'int4[]', value: `'{{1,2},{NULL,4}}'`, json: '[[1,2],[null,4]]' },
  no_ints: { type: 'int4[]', value: `'{}'`, json: '[]' },
  texts: {
    type: 'text[]',
    value: `array['NULL', null, '', 'a,b', E'quote " backslash \\\\']`,
    json: String.raw`["NULL",null,"","a,b","quote \" backslash \\"]`,
  },
  numerics: { type: 'numeric[]', value: `'{1.0,NaN}'`, json: '["1.0","NaN"]' },
  bools: { type: 'bool[]', value: `'{t,f}'`, json: '[true,false]' },
  jsons: { type: 'jsonb[]', value: `array['{"a": "b"}'::jsonb, '1']`, json: '[{"a": "b"},1]' },
  byteas: {
    type: 'bytea[]',
    value: String.raw`array['\x00ff'::bytea, null]`,
    json: '["AP8=",null]',
  },
  instants: {
    type: 'timestamptz[]',
    value: `array['2026-01-31 12:00:00+02'::timestamptz]`,
    json: '["2026-01-31T10:00:00.000000Z"]',
  },
  enums: {
    type: 'mood[]',
    value: `array['it''s "fine"'::mood, null]`,
    json: String.raw`["it's \"fine\"",null]`,
  },
  composites: {
    type: 'price[]',
    value: `array[row(1.5, '2026-01-31')::price]`,
    json: '[{"amount":"1.5","since":"2026-01-31"}]',
  },
  domains: { type: 'positive[]', value: `'{1,2}'`, json: '[1,2]' },
};

const types = `
  create type mood as enum ('sad', 'it''s "fine"');
  create domain positive as int4 check (value > 0);
  create type price as (amount numeric, since date);
  create type item as (name text, n int8, price price, tags text[])`;
const columns = Object.entries(COLUMNS);
const list = columns.map(([name, { type }]) => `"${name}" ${type}`).join(', ');
const insert = `insert into wide values (1, ${columns.map(([, { value }]) => value).join(', ')})`;
const row = `{"id":1,${columns.map(([name, { json }]) => `"${name}":${json}`).join(',')}}`;

test('a value of each type comes as exactly this text, whatever the settings of the session', async () => {
  const changes = await captureChanges(`${types}; create table wide (id int primary key, ${list});
    alter table wide replica identity full`);
  await changes.of(insert);
  await changes.of('delete from wide');
  const bodies = changes.requests.map(({ body }) => body.toString());
  expect(between(bodies[0]!, '"after":', ',"unchanged"')).toBe(row);
  expect(between(bodies[1]!, '"before":', ',"after"')).toBe(row);
});

test('the rows reader gives the same text', async () => {
  const changes = await captureChanges(
    `${types}; create table wide (id int primary key, ${list})`,
    { drain: { reader: 'rows' } },
  );
  await changes.of(insert);
  expect(between(changes.requests[0]!.body.toString(), '"after":', ',"unchanged"')).toBe(row);
});

function between(text: string, start: string, end: string): string {
  const from = text.indexOf(start) + start.length;
  return text.slice(from, text.indexOf(end, from));
}
