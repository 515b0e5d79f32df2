import { expect, test } from 'vitest';
import { captureChanges } from '../support/captured-changes.ts';

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

test.each([
  ['Größe', '注文', 'naïve'],
  ['with "quotes"', `it's`, 'a"b\\c'],
  ['white space', 'tab\there', 'line\nbreak'],
  ['dots.in', 'a.b.c', '${column}'],
  ['é'.repeat(31), '字'.repeat(21), '😀'.repeat(15)],
])('the names %j, %j, %j come as they are', async (schema, table, column) => {
  const name = `${quoted(schema)}.${quoted(table)}`;
  const changes = await captureChanges(`
    create schema ${quoted(schema)};
    create table ${name} (${quoted(column)} int primary key)`);
  const events = await changes.of(`
    insert into ${name} values (1); update ${name} set ${quoted(column)} = 2; truncate ${name}`);
  expect(events).toMatchObject([
    { schema, table, key: { [column]: 1 }, after: { [column]: 1 } },
    { schema, table, key: { [column]: 2 }, before: { [column]: 1 } },
    { op: 'truncate', schema, table },
  ]);
});
