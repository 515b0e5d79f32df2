import { beforeAll, expect, test } from 'vitest';
import {
  type ChangeEvent,
  isKeyChanged,
  keyHash,
  previousKeyHash,
} from '../../src/changes/change-event.ts';
import type { RelationView } from '../../src/changes/relation-view.ts';
import { captureEvents, type CapturedEvents } from '../formats/captured-events.ts';

type Case = {
  readonly type: string;
  /** Literals of the type; some pairs are equal to Postgres. */
  readonly values: readonly string[];
  /** Whether rows of different keys have lanes of their own. */
  readonly apart: boolean;
};

const apart = (type: string, ...values: string[]): Case => ({ type, values, apart: true });
const together = (type: string, ...values: string[]): Case => ({ type, values, apart: false });

const CASES: readonly Case[] = [
  apart('int', '1', '10', '-1', '0'),
  apart('uuid', '8d1c7a52-0000-0000-0000-000000000001', '8D1C7A52-0000-0000-0000-000000000001'),
  apart('text', '1.0', '1.00', 'a', 'A', 'a '),
  apart('varchar(9)', '1', '1 ', '01'),
  apart('numeric', '1.0', '1.00', '1', '10', '100', '0.10', '0.1', '0', '0.000', '-0.0', 'NaN'),
  apart('numeric', '1e2', '100', '100.0', '-5.50', '-5.5', '-0.5', '1000000000000000000000.0'),
  apart('numeric_of_today', '2.50', '2.5', '2'),
  apart('float8', '-0', '0', '1e2', '100', '1e300', '1.5e300', '1.50', '1.5', 'NaN', 'Infinity'),
  apart('float4', '-0', '0', '1e20', '1.5e20', '0.1'),
  apart('char(4)', 'a', 'a ', 'b', ' a'),
  apart('bpchar', 'a', 'a  ', 'b', ''),
  apart('bytea', '\\x61', 'a', '\\x6100'),
  apart('timestamptz', '2026-01-01 00:00+00', '2026-01-01 02:00+02', '2026-01-02', 'infinity'),
  apart('timestamp', '2026-01-01', '2026-01-01 00:00:00.0', '2026-01-01 00:00:00.000001'),
  apart('timetz', '12:00+00', '13:00+01'),
  apart('inet', '10.0.0.1', '10.0.0.1/32', '10.0.0.0/8', '::1'),
  apart('macaddr', '08:00:2b:01:02:03', '08-00-2b-01-02-03'),
  apart('money', '1', '1.00', '2'),
  apart('int4range', '[1,3]', '[1,4)', 'empty'),
  apart('mood', 'sad', 'ok'),
  apart('mood[]', '{sad}', '{sad,ok}'),
  apart('int[]', '{1,2}', '{ 1 , 2 }', '{12}'),
  apart('pair', '(1,x)', '(1,"x")', '(2,x)'),
  together('interval', '1 day', '24:00:00', '1 mon', '30 days', '-1 day'),
  together('jsonb', '{"a": 1.0}', '{"a": 1.00}', '{"a": 1}', '{"b": 2}'),
  together('numeric[]', '{1.0}', '{1.00}', '{2}'),
  together('numrange', '[1.0,2)', '[1.00,2)', '[1,3)'),
  together('price', '(1.0,x)', '(1.00,x)', '(2,x)'),
  together('name_of_any_case', 'a', 'A', 'b'),
  together('text collate any_case', 'a', 'A', 'b'),
  together('char(4) collate any_case', 'a', 'A', 'b'),
  together('text[] collate any_case', '{a}', '{A}', '{b}'),
  together('labelled', '(1,a)', '(1,A)', '(1,b)'),
];

const TYPES = `
  create collation any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create domain numeric_of_today as numeric check (value > 0);
  create domain name_of_any_case as text collate any_case;
  create type mood as enum ('sad', 'ok');
  create type pair as (n int, t text);
  create type price as (n numeric, t text);
  create type labelled as (n int, t text collate any_case);
  create table changed (k numeric primary key, n int);
`;

const table = (index: number): string => `k${index}`;

let captured: CapturedEvents;
let relations: ReadonlyMap<string, readonly number[]>;

beforeAll(async () => {
  const tables = CASES.map(
    ({ type }, index) =>
      `create table ${table(index)} (place int, k ${type}); alter table ${table(index)} replica identity full;`,
  );
  const keys = new Map(CASES.map((_, index) => [`public.${table(index)}`, ['k']]));
  captured = await captureEvents(TYPES + tables.join('\n'), keys);
  const inserts = CASES.map(({ values }, index) => {
    const rows = values.map((value, place) => `(${place}, '${value.replaceAll("'", "''")}')`);
    return `insert into ${table(index)} values ${rows.join(', ')}`;
  });
  const hashes = new Map<string, number[]>();
  for (const event of await captured.of(inserts.join(';\n'))) {
    if (event.op !== 'insert') continue;
    hashes.set(event.relation.table, [...(hashes.get(event.relation.table) ?? []), keyHash(event)]);
  }
  relations = hashes;
});

test.each(CASES.map((each, index) => [each.type, index, each] as const))(
  'keys of type %s (%i) that Postgres takes for equal share a lane',
  async (_type, index, { values, apart: haveTheirOwn }) => {
    const hashes = relations.get(table(index))!;
    expect(hashes).toHaveLength(values.length);
    const equal = await captured.query<{ a: number; b: number; same: boolean }>(
      `select x.place as a, y.place as b, x.k = y.k as same from ${table(index)} x, ${table(index)} y`,
    );
    for (const { a, b, same } of equal) {
      const shareLane = hashes[a] === hashes[b];
      expect([values[a], values[b], shareLane]).toEqual([
        values[a],
        values[b],
        same || !haveTheirOwn,
      ]);
    }
  },
);

test('a key that is written in another way is another key to whom knows it by its text, in one lane', async () => {
  const [, update] = await captured.of(
    `insert into changed values (1.0, 1);\nupdate changed set k = 1.00`,
  );
  if (update?.op !== 'update') throw new Error('no update');
  expect(isKeyChanged(update)).toBe(true);
  expect(previousKeyHash(update)).toBe(keyHash(update));
});

test('a column that is not there any more may have had any collation', async () => {
  await captured.query('create table gone (k text primary key)');
  const events = await captured.of(`insert into gone values ('a'), ('A');\ndrop table gone`);
  const rows = events.filter((event: ChangeEvent) => event.op === 'insert');
  const views = rows.map((event) => (event as { relation: RelationView }).relation);
  expect(views.map(({ keyRules }) => keyRules)).toEqual([['unknown'], ['unknown']]);
});
