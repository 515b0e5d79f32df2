import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { columnType, connect, roundTrip } from './round-trip.ts';
import { compositeLiteral, quotedElement } from './text-literal.ts';

const TYPES = `
  create type mood as enum ('sad', 'so "so"', 'ok, {fine}', '漢\\字');
  create domain percent as numeric(5, 2) check (value between 0 and 100);
  create domain grid as int8[];
  create domain grids as grid[];
  create domain boxes as box[];
  create type inner_pair as (a text, "b ""quoted""" int8);
  create domain named_pair as inner_pair check ((value).a is not null);
  create type deep as (
    id int8, mood mood, share percent, pair inner_pair, pairs inner_pair[], moods mood[],
    cells grid, at timestamptz, bytes bytea, doc jsonb, boxes box[], ok bool
  );
  create type lonely as (content text);
  create type nothing as ();
  create type numeric_span as range (subtype = numeric, multirange_type_name = numeric_spans);
  create table parent (id int8 primary key, label text);
`;

const PAIR = compositeLiteral(['a "b" \\ (c), {d}', '-9223372036854775808']);
const PAIRS = `{${[PAIR, null, '(,)', '("",0)', '(NULL,1)'].map(quotedElement).join()}}`;
const DEEP = compositeLiteral([
  '9007199254740993',
  'ok, {fine}',
  '12.50',
  PAIR,
  PAIRS,
  '{sad,null,"so \\"so\\"","漢\\\\字"}',
  '{{1,2},{3,null}}',
  '2026-01-31 12:00:00.5+00',
  '\\x00ff10',
  '{"a": [1.10, "\\u00e9\\"", null]}',
  '{(1,1),(0,0);(2,2),(1,1)}',
  't',
]);

const VALUES: Record<string, readonly string[]> = {
  mood: ['sad', 'so "so"', 'ok, {fine}', '漢\\字'],
  'mood[]': ['{}', '{sad,null,"so \\"so\\"","ok, {fine}"}', '{{sad},{"漢\\\\字"}}'],
  percent: ['0', '99.90'],
  'percent[]': ['{0,99.90,null}'],
  grid: ['{}', '{1,2}', '{{9223372036854775807,null},{1,2}}'],
  grids: ['{"{1,2}",null,"{}"}', '{"{{1},{2}}"}'],
  'boxes[]': ['{"{(1,1),(0,0);(2,2),(1,1)}";null;"{}"}'],
  inner_pair: [PAIR, '(,)', '("",)', '(" ",0)', '("NULL",1)', '("\n",2)'],
  'inner_pair[]': ['{}', PAIRS],
  named_pair: [PAIR],
  'named_pair[]': [`{${quotedElement(PAIR)}}`],
  deep: [DEEP, '(,,,,,,,,,,,)'],
  'deep[]': [`{${quotedElement(DEEP)},null,${quotedElement(DEEP)}}`],
  lonely: ['()', '("")', '(a)', '("(a)")'],
  'lonely[]': ['{(),null,"(\\"\\")"}'],
  nothing: ['()'],
  numeric_span: ['empty', '[1.50,)', '(,)', '[-Infinity,NaN)'],
  'numeric_span[]': ['{empty,"[1.50,2]",null}'],
  numeric_spans: ['{}', '{[1.50,2),(3,]}'],
  parent: ['(1,"a,b")', '(,)'],
  'parent[]': ['{"(1,\\"a\\")",null}'],
  'information_schema.cardinal_number': ['0', '7'],
  pg_am: ['(1,heap,heap_tableam_handler,t)'],
};

describe('a user-defined type', () => {
  let client: Client;
  beforeAll(async () => {
    const database = await createTestDatabase();
    await database.query(TYPES);
    client = await connect(database.url);
  });
  afterAll(() => client.end());

  test.each(Object.keys(VALUES))('%s comes back as it was', async (name) => {
    const crossings = await roundTrip(client, await columnType(client, name), VALUES[name]!);
    expect(crossings).toHaveLength(VALUES[name]!.length);
    expect(crossings.filter(({ same }) => !same)).toEqual([]);
  });

  test('is written as what it is made of', async () => {
    const [crossing] = await roundTrip(client, await columnType(client, 'deep'), [DEEP]);
    expect(crossing!.json).toBe(
      '{"id":9007199254740993,"mood":"ok, {fine}","share":"12.50",' +
        '"pair":{"a":"a \\"b\\" \\\\ (c), {d}","b \\"quoted\\"":-9223372036854775808},' +
        '"pairs":[{"a":"a \\"b\\" \\\\ (c), {d}","b \\"quoted\\"":-9223372036854775808},null,' +
        '{"a":null,"b \\"quoted\\"":null},{"a":"","b \\"quoted\\"":0},{"a":"NULL","b \\"quoted\\"":1}],' +
        '"moods":["sad",null,"so \\"so\\"","漢\\\\字"],"cells":[[1,2],[3,null]],' +
        '"at":"2026-01-31T12:00:00.500000Z","bytes":"AP8Q","doc":{"a": [1.10, "é\\"", null]},' +
        '"boxes":["(1,1),(0,0)","(2,2),(1,1)"],"ok":true}',
    );
  });
});
