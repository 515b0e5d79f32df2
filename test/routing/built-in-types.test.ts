import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { walhookFormat } from '../../src/formats/walhook.ts';
import type { WritableEvent } from '../../src/formats/event-format.ts';
import { compileTransform } from '../../src/routing/transform.ts';
import { captureEvents } from '../formats/captured-events.ts';
import { PLAIN, writtenText } from '../formats/written.ts';
import { LITERALS } from '../round-trip/literals.ts';

const SEED = 20_260_131;
const ROWS = 24;

const types = Object.keys(LITERALS);
const columns = types.map(
  (type) => `"${type}" pg_catalog."${type}", "${type}s" pg_catalog."${type}"[]`,
);

function literal(type: string, row: number): string {
  const { named, random } = LITERALS[type]!;
  if (row < named.length) return named[row]!;
  if (random === undefined) return named[row % named.length]!;
  return fc.sample(random, { seed: SEED + row, numRuns: 1 })[0]!;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function rowOf(row: number): string {
  const values = types.map((type) => {
    const value = `${quoted(literal(type, row))}::pg_catalog."${type}"`;
    return `${value}, array[${value}, null]`;
  });
  return `insert into every_type values (${row}, ${values.join()})`;
}

test('an event of any built-in types that a transform copies is the same bytes', async () => {
  const { catalog, of } = await captureEvents(
    `create table every_type (id int primary key, ${columns.join()});
     alter table every_type replica identity full`,
  );
  const rows = Array.from({ length: ROWS }, (_, row) => rowOf(row));
  const events = await of(
    [
      `set timezone to 'UTC'`,
      ...rows,
      'update every_type set id = -id',
      'delete from every_type',
    ].join(';\n'),
  );
  expect(events.map(({ op }) => op)).toEqual([
    ...Array.from({ length: ROWS }, () => 'insert'),
    ...Array.from({ length: ROWS }, () => 'update'),
    ...Array.from({ length: ROWS }, () => 'delete'),
  ]);
  for (const values of [PLAIN.values, { int8: 'string', numeric: 'number' } as const]) {
    const format = walhookFormat(catalog, { ...PLAIN, values });
    const transform = compileTransform('hooks', (event) => structuredClone(event), catalog, values);
    for (const event of events) {
      const result = transform(event) as WritableEvent;
      expect(writtenText(format, result)).toBe(writtenText(format, event));
      expect(result).not.toBe(event);
    }
  }
});
