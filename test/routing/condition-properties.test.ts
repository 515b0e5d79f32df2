import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileFilter, type FilterFunction } from '../../src/routing/filter.ts';
import type { FilterEvent } from '../../src/routing/filter-event.ts';
import type { Condition } from '../../src/routing/condition.ts';
import { captureEvents } from '../formats/captured-events.ts';

const VALUES = { int8: 'number', numeric: 'string' } as const;
const BIGS = ['-9223372036854775808', '-1', '0', '9007199254740992', '9007199254740993'];
const AMOUNTS = ['-0.50', '0', '0.10', '12.5', '12.50', '9007199254740993.000001', '1e30'];
const TEXTS = ['', 'a', 'B', 'ä', '漢', 'a%'];

const { catalog, of } = await captureEvents(
  'create table t (id int primary key, big int8, amount numeric, who text, ok bool)',
);
const texts = (values: readonly string[]) => values.map((value) => `'${value}'`).join();
const events = await of(`
  insert into t select row_number() over (), big, amount, who, ok
  from unnest(array[${texts(BIGS)}, null]::int8[]) big,
    unnest(array[${texts(AMOUNTS)}]::numeric[]) amount,
    unnest(array[${texts(TEXTS)}, null]) who, unnest(array[true, false]) ok`);

type Twin = { readonly condition: Condition; readonly where: FilterFunction };

/** In units of 10^-6, which all of these amounts are whole numbers of. */
function micros(numeric: string): bigint {
  const [whole, fraction = ''] = numeric === '1e30' ? [`1${'0'.repeat(30)}`] : numeric.split('.');
  return BigInt(`${whole}${fraction.padEnd(6, '0')}`);
}

const orders: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};

function compared<T>(
  column: string,
  wanted: string,
  read: (value: unknown) => T,
  operator: string,
): Twin {
  const other = read(wanted);
  return {
    condition: { [`after.${column}`]: { [operator]: wanted } },
    where({ after }) {
      const value = after?.[column];
      if (value === null || value === undefined) return operator === 'ne';
      const own = read(value);
      return orders[operator]!(own === other ? 0 : own < other ? -1 : 1);
    },
  };
}

const operator = fc.constantFrom(...Object.keys(orders));
const leaf = fc.oneof<fc.Arbitrary<Twin>[]>(
  fc
    .tuple(fc.constantFrom(...BIGS), operator)
    .map(([wanted, name]) => compared('big', wanted, (value) => BigInt(value as string), name)),
  fc
    .tuple(fc.constantFrom(...AMOUNTS), operator)
    .map(([wanted, name]) => compared('amount', wanted, (value) => micros(value as string), name)),
  fc
    .tuple(fc.constantFrom(...TEXTS), operator)
    .map(([wanted, name]) => compared('who', wanted, String, name)),
  fc.boolean().map((ok) => ({
    condition: { 'after.ok': ok },
    where: ({ after }: FilterEvent) => after?.['ok'] === ok,
  })),
  fc.subarray(TEXTS).map((wanted) => ({
    condition: { 'after.who': { notIn: wanted } },
    where: ({ after }: FilterEvent) => !wanted.some((text) => text === after?.['who']),
  })),
  fc.constantFrom(...TEXTS).map((wanted) => ({
    condition: { 'after.who': { prefix: wanted, isNull: false } },
    where: ({ after }: FilterEvent) =>
      String(after?.['who']).startsWith(wanted) && after?.['who'] !== null,
  })),
);

const twin: fc.Arbitrary<Twin> = fc.letrec<{ node: Twin }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('node'), { maxLength: 3 }).map((all) => ({
      condition: { and: all.map(({ condition }) => condition) },
      where: (event: FilterEvent) => all.every(({ where }) => where(event)),
    })),
    fc.array(tie('node'), { maxLength: 3 }).map((all) => ({
      condition: { or: all.map(({ condition }) => condition) },
      where: (event: FilterEvent) => all.some(({ where }) => where(event)),
    })),
    tie('node').map(({ condition, where }) => ({
      condition: { not: condition },
      where: (event: FilterEvent) => !where(event),
    })),
  ),
})).node;

test('a condition and the function that says the same agree on every row', () => {
  expect(events.length).toBeGreaterThan(500);
  fc.assert(
    fc.property(twin, ({ condition, where }) => {
      const byCondition = compileFilter('hooks', { where: condition }, catalog, VALUES)!;
      const byFunction = compileFilter('hooks', { where }, catalog, VALUES)!;
      for (const event of events) expect(byCondition(event)).toBe(byFunction(event));
    }),
    { numRuns: 200 },
  );
});
