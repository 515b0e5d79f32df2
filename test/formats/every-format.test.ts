import { describe, expect, test } from 'vitest';
import { previousKeyHash } from '../../src/changes/change-event.ts';
import type { ColumnPolicy } from '../../src/formats/column-policy.ts';
import { cloudeventsFormat } from '../../src/formats/cloudevents.ts';
import { debeziumFormat } from '../../src/formats/debezium.ts';
import { drasiFormat } from '../../src/formats/drasi.ts';
import type { EventFormat, WritableEvent } from '../../src/formats/event-format.ts';
import { hasuraFormat } from '../../src/formats/hasura.ts';
import { pairInList } from '../../src/formats/paired-values.ts';
import { sequinFormat } from '../../src/formats/sequin.ts';
import { supabaseFormat } from '../../src/formats/supabase.ts';
import { wal2httpFormat } from '../../src/formats/wal2http.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { captureEveryKind } from './changes-of-every-kind.ts';
import { schemaOf } from './schemas/schema-of.ts';
import { type Json, PLAIN, written, writtenText, writtenValues } from './written.ts';

const { events, catalog } = await captureEveryKind();

const floats = { ...PLAIN, values: { int8: 'number', numeric: 'number' } } as const;
const about = { version: '1.2.3', name: 'shop', database: 'shop' };
const attributes = { source: '/walhook/1/shop', typePrefix: 'com.example.shop' };
const place = { database: 'shop', system: '1' };
const consumer = { id: '6f1c3a52-0000-4000-8000-000000000000', name: 'hooks' };
const createFormats = (columns: ColumnPolicy | null = null): Record<string, EventFormat> => ({
  cloudevents: cloudeventsFormat(catalog, { ...PLAIN, columns }, attributes, 'structured'),
  debezium: debeziumFormat(catalog, { ...PLAIN, columns }, about, pairInList),
  drasi: drasiFormat(catalog, { ...floats, columns }, 'insert', pairInList),
  hasura: hasuraFormat(catalog, { ...floats, columns }, { ...place, trigger: 'hooks' }),
  sequin: sequinFormat(catalog, { ...PLAIN, columns }, { ...place, consumer }),
  supabase: supabaseFormat(catalog, { ...floats, columns }),
  wal2http: wal2httpFormat(catalog, { ...PLAIN, columns }),
});
const formats = createFormats();
const walhook = walhookFormat(catalog, PLAIN);

const names = Object.keys(formats);
const cases = names.map((name) => ({ name, format: formats[name]! }));
const sentTo = (format: EventFormat): WritableEvent[] =>
  events.filter((event) => format.skips?.(event) !== true);

/** The rows of an event by the format that is the measure: before and after. */
function rowsOf(event: WritableEvent): { before: Json | null; after: Json | null } {
  const { before, after } = written(walhook, event) as Record<string, Json | null>;
  return { before: before!, after: after! };
}

test('the changes are of every kind', () => {
  const kinds = events.map((event) => event.op);
  expect(new Set(kinds)).toEqual(new Set(['insert', 'update', 'delete', 'truncate', 'message']));
  const toasted = events.map((event) => written(walhook, event)['unchanged']);
  expect(toasted).toContainEqual(['body']);
  expect(events.filter((event) => 'old' in event && previousKeyHash(event) !== null)).toHaveLength(
    4,
  );
});

describe.each(cases)('$name', ({ name, format }) => {
  test('writes JSON that its schema takes, of every event that it does not skip', () => {
    const faultsOf = schemaOf(name);
    for (const event of sentTo(format)) {
      for (const value of writtenValues(format, event)) {
        const whole = name === 'drasi' ? { events: [value] } : value;
        expect({ value, faults: faultsOf(whole) }).toEqual({ value, faults: [] });
      }
    }
  });

  test('writes the same bytes again, also by another process', () => {
    const again = createFormats()[name]!;
    for (const event of sentTo(format)) {
      expect(writtenText(again, event)).toBe(writtenText(format, event));
    }
  });
});

test('a CloudEvent has the walhook event as its data, byte for byte', () => {
  for (const event of events) {
    const text = writtenText(formats['cloudevents']!, event);
    expect(text.slice(text.indexOf(',"data":'))).toBe(`,"data":${writtenText(walhook, event)}}`);
  }
});

test('wal2http has columns that its schema takes, and shows nothing that is left out', () => {
  const hidden = new Set(['body', 'who']);
  const columns: ColumnPolicy = {
    writer: (view, column, write) => (hidden.has(view.columns[column]!.name) ? null : write),
    masks: () => false,
  };
  const faultsOf = schemaOf('wal2http');
  const plain = wal2httpFormat(catalog, PLAIN, 'original');
  const hiding = wal2httpFormat(catalog, { ...PLAIN, columns }, 'original');
  for (const event of events) expect(faultsOf(written(plain, event))).toEqual([]);
  const [shown, left] = [plain, hiding].map((format) =>
    events.map((event) => writtenText(format, event)).join(''),
  );
  for (const secret of ['xxxxx', 'quoted']) {
    expect([shown!.includes(secret), left!.includes(secret)]).toEqual([true, false]);
  }
});

test('wal2http has the rows of the walhook event', () => {
  for (const event of events) {
    const { type, tuple_data, old_tuple_data, new_tuple_data } = written(
      formats['wal2http']!,
      event,
    );
    expect({
      before: (type === 'delete' ? tuple_data : old_tuple_data) ?? null,
      after: (type === 'insert' ? tuple_data : new_tuple_data) ?? null,
    }).toEqual(rowsOf(event));
  }
});

test('Debezium has the rows of the walhook event, and what an update left alone', () => {
  for (const event of events) {
    const { before, after } = rowsOf(event);
    const values = writtenValues(formats['debezium']!, event);
    if (event.op === 'truncate' || event.op === 'message') continue;
    const missing = (written(walhook, event)['unchanged'] as string[]).map((column) => [
      column,
      before?.[column] ?? '__debezium_unavailable_value',
    ]);
    const complete = after && { ...after, ...Object.fromEntries(missing) };
    expect(values.map((value) => [value['before'], value['after']])).toEqual(
      values.length === 1
        ? [[before, complete]]
        : [
            [before, null],
            [null, complete],
          ],
    );
  }
});

test('Drasi has the rows of the walhook event, in the values that it knows', () => {
  for (const event of sentTo(formats['drasi']!)) {
    const { before, after } = rowsOf(event);
    if (after === null) continue;
    const { element } = writtenValues(formats['drasi']!, event).at(-1)!;
    const { properties } = element as { properties: Json };
    const fresh = 'old' in event && previousKeyHash(event) !== null;
    // A new element has nothing to keep: what an old row tells of is set.
    const known = fresh && before !== null && 'body' in before ? { ...before, ...after } : after;
    expect(Object.keys(properties).sort()).toEqual(Object.keys(known).sort());
    for (const [column, value] of Object.entries(known)) {
      expect([column, properties[column]]).toEqual([column, drasiValueOf(column, value)]);
    }
  }
});

/** By column of the test's tables. */
function drasiValueOf(column: string, value: unknown): unknown {
  if (value === null) return null;
  switch (column) {
    case 'price':
      return Number.isFinite(Number(value)) ? Number(value) : value;
    case 'prices':
      return [1, 2.5, 'NaN'];
    case 'j':
      // Numbers past what a double holds are text in text: they keep their digits.
      return String.raw`{"a":[1,{"b":"c \" \\ d"}],"big":12345678901234567890}`;
    case 'jb':
      return JSON.stringify({ s: ' a  b ', x: null });
    case 'docs':
      return ['{"a":1}', 'null'];
    case 'owed':
      return `(1.50,2026-01-31,"{""x, y"",""\\\\""""}")`;
    case 'o':
      return String(value);
    default:
      return value;
  }
}

test.each(cases)('$name keeps every digit of int8', ({ format }) => {
  const texts = sentTo(format).map((event) => writtenText(format, event));
  const digits = ['9223372036854775807', '-9223372036854775808', '9007199254740993'];
  for (const big of digits) expect(texts.join('')).toContain(`"big":${big},`);
});

test.each(names)(
  '%s shows nothing of a column that is left out, in ids and keys neither',
  (name) => {
    const hidden = new Set(['a', 'body', 'who']);
    const columns: ColumnPolicy = {
      writer: (view, column, write) => (hidden.has(view.columns[column]!.name) ? null : write),
      masks: () => false,
    };
    const hiding = createFormats(columns)[name]!;
    const texts = sentTo(hiding).map((event) => writtenText(hiding, event));
    const secrets = [String.raw`a\"b_ä`, 'xxxxx', 'quoted', '"body"', '"who"', '"a":"a'];
    const plain = sentTo(hiding)
      .map((event) => writtenText(formats[name]!, event))
      .join('');
    for (const secret of secrets) {
      expect({ secret, shown: plain.includes(secret) }).toEqual({ secret, shown: true });
      expect({ secret, shown: texts.some((text) => text.includes(secret)) }).toEqual({
        secret,
        shown: false,
      });
    }
  },
);
