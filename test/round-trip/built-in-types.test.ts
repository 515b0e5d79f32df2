import * as fc from 'fast-check';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { LITERALS, WITHOUT_INPUT } from './literals.ts';
import { columnType, connect, roundTrip } from './round-trip.ts';
import { mayBeList, quotedElement } from './text-literal.ts';

const SEED = 20_260_131;
const RANDOM_VALUES = 60;

function literals(name: string): string[] {
  const { named, random } = LITERALS[name]!;
  const others = random ? fc.sample(random, { seed: SEED, numRuns: RANDOM_VALUES }) : [];
  return [...named, ...others];
}

/** Lists of one, two and three dimensions, with nulls, and the empty one. */
function arraysOf(values: readonly string[], delimiter: string, dimensions: boolean): string[] {
  const elements = values.map(quotedElement);
  const list = (items: readonly string[]) => `{${items.join(delimiter)}}`;
  const flat = ['{}', list(['null']), list(elements), list(['null', ...elements, 'null'])];
  if (!dimensions) return flat;
  const rows = elements.map((element) => list([element, 'null']));
  return [...flat, list(rows), list([list(rows), list(rows.toReversed())])];
}

describe('a built-in type', () => {
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = await connect(database.url);
  });
  afterAll(() => client.end());

  test('of a column has literals here, whichever the server knows', async () => {
    const { rows } = await client.query(
      `select typname from pg_type
       where oid < 10000 and typtype in ('b', 'r', 'm') and typsend <> 'array_send'::regproc`,
    );
    const known = rows.map(({ typname }) => typname as string);
    expect(known.toSorted()).toEqual([...Object.keys(LITERALS), ...WITHOUT_INPUT].toSorted());
  });

  test.each(WITHOUT_INPUT)('%s takes no value', async (name) => {
    await expect(database.query(`select 'x'::${name}`)).rejects.toMatchObject({ code: '0A000' });
  });

  test.each(Object.keys(LITERALS))('%s comes back as it was', async (name) => {
    const type = await columnType(client, `pg_catalog."${name}"`);
    const crossings = await roundTrip(client, type, literals(name));
    expect(crossings.filter(({ same }) => !same)).toEqual([]);
  });

  test.each(Object.keys(LITERALS))('an array of %s comes back as it was', async (name) => {
    const type = await columnType(client, `pg_catalog."${name}"[]`);
    if (type.shape.kind !== 'array') throw new Error(`${name}[] is no array`);
    const { element, delimiter } = type.shape;
    // JSON has one null: in a list, json's own cannot be told from the absence of an element.
    const values = literals(name).filter((literal) => literal !== 'null' || !mayBeList(element));
    const arrays = arraysOf(values, delimiter, !mayBeList(element));
    const crossings = await roundTrip(client, type, arrays);
    expect(crossings.filter(({ same }) => !same)).toEqual([]);
  });
});
