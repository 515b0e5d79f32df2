import * as fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type JsonValue, parse, type Row, type WalhookEvent } from '../../src/receiver/index.ts';

const event = {
  id: '0000000001BB53F0-00000000',
  op: 'insert',
  schema: 'public',
  table: 'orders',
  key: { id: 1 },
  before: null,
  after: { id: 1, status: 'new' },
  unchanged: [],
  xid: 759,
  lsn: '0/1BB5318',
  commit_lsn: '0/1BB53F0',
  seq: 0,
  committed_at: '2026-01-31T12:00:00.123456Z',
};
const origin = {
  pipeline: 'walhook',
  endpoint: 'orders',
  source: { database: 'shop', slot: 'walhook', system: null },
};

/** A document around one value, as walhook writes it. */
function valueIn(json: string, largeIntegers?: 'bigint' | 'string' | 'number'): JsonValue {
  const text = JSON.stringify(event).replace('"new"', () => json);
  const [parsed] = parse(text, { largeIntegers }).events;
  return parsed!.after!['status']!;
}

describe('a body is parsed', () => {
  test('to the events of a batch, and what the batch says of itself', () => {
    const batch = { id: `${event.id}_${event.id}`, ...origin, events: [event, event] };
    expect(parse(JSON.stringify(batch))).toEqual({ id: batch.id, events: [event, event], origin });
  });

  test('to the one event that it is', () => {
    const bytes = new TextEncoder().encode(JSON.stringify(event));
    expect(parse(bytes)).toEqual({ id: event.id, events: [event], origin: null });
  });

  test('with fields and operations that are not known yet', () => {
    const later = { ...event, op: 'merge', colour: 'blue' };
    expect(parse(JSON.stringify(later)).events).toEqual([later]);
  });

  test.each([
    ['nothing', '', 'no JSON'],
    ['half of it', JSON.stringify(event).slice(0, -9), 'no JSON'],
    ['half of it, with a large integer', '{"id":"a","n":12345678901234567890', 'no JSON'],
    [
      'large integers side by side',
      '{"id":"a","n":12345678901234567890 12345678901234567890}',
      'no JSON',
    ],
    ['an integer with a zero before it', '{"id":"a","n":012345678901234567890}', 'no JSON'],
    ['an array', `[${JSON.stringify(event)}]`, 'no JSON object'],
    ['null', 'null', 'no JSON object'],
    ['no id', '{"events":[]}', 'no id'],
    ['a number for an id', '{"id":1}', 'no id'],
    ['events in an object', '{"id":"a","events":{}}', 'no array'],
    ['an event without an operation', '{"id":"a","events":[{"id":"a"}]}', 'events[0] no event'],
    ['a CloudEvent', '{"id":"a","specversion":"1.0","type":"b"}', 'no event in the format walhook'],
    ['bytes that are no UTF-8', Uint8Array.from([0x22, 0xff, 0x22]), 'no UTF-8'],
  ])('not from %s', (_name, body, message) => {
    expect(() => parse(body)).toThrow(expect.objectContaining({ code: 'body_invalid' }));
    expect(() => parse(body)).toThrow(message);
  });
});

describe('an integer', () => {
  test.each([
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-9007199254740991', -9_007_199_254_740_991],
    ['-9007199254740993', -9_007_199_254_740_993n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    [
      '[1,9007199254740993,{"a":9007199254740995}]',
      [1, 9_007_199_254_740_993n, { a: 9_007_199_254_740_995n }],
    ],
    ['0.12345678901234567', Number('0.12345678901234567')],
    ['12345678901234567.5', Number('12345678901234567.5')],
    ['12345678901234567e1', Number('12345678901234567e1')],
    ['"9007199254740993"', '9007199254740993'],
    [String.raw`"\" 9007199254740993"`, '" 9007199254740993'],
    [String.raw`["\\",9007199254740993]`, ['\\', 9_007_199_254_740_993n]],
    ['{"9007199254740993":1}', { '9007199254740993': 1 }],
  ])('%s is kept', (json, value) => {
    expect(valueIn(json)).toEqual(value);
  });

  test('past 2^53 is a bigint, its digits, or rounded, as one asks', () => {
    expect(valueIn('9007199254740993')).toBe(9_007_199_254_740_993n);
    expect(valueIn('9007199254740993', 'string')).toBe('9007199254740993');
    expect(valueIn('9007199254740993', 'number')).toBe(9_007_199_254_740_992);
  });

  test('is kept in any document, and the rest is as JSON.parse has it', () => {
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({
          unit: fc.constantFrom('"', '\\', '1', '9007199254740993', ',', '{', ' ', '\n'),
        }),
        fc.constantFrom(null, true, false),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value')),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1), (document, indent) => {
        expect(valueIn(written(document, ' '.repeat(indent)))).toEqual(expected(document));
      }),
      { numRuns: 1000 },
    );
  });

  test('under the name __proto__ changes no prototype', () => {
    const parsed = valueIn('{"__proto__":[9007199254740993]}') as object;
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(Object.entries(parsed)).toEqual([['__proto__', [9_007_199_254_740_993n]]]);
  });

  test('is found behind a string of megabytes', () => {
    const long = `${'\\"x'.repeat(1 << 20)}`;
    const parsed = valueIn(`["${long}",9007199254740993]`) as JsonValue[];
    expect(parsed[1]).toBe(9_007_199_254_740_993n);
    expect(parsed[0]).toHaveLength(2 << 20);
  });
});

test('the operation tells what an event has', () => {
  expectTypeOf<EventOf<'insert'>['after']>().toEqualTypeOf<Row>();
  expectTypeOf<EventOf<'read'>['after']>().toEqualTypeOf<Row>();
  expectTypeOf<EventOf<'update'>['before']>().toEqualTypeOf<Row | null>();
  expectTypeOf<EventOf<'delete'>['after']>().toEqualTypeOf<null>();
  expectTypeOf<EventOf<'truncate'>['cascade']>().toEqualTypeOf<boolean>();
  expectTypeOf<EventOf<'message'>['table']>().toEqualTypeOf<null>();
});

type EventOf<Op extends WalhookEvent['op']> = Extract<WalhookEvent, { op: Op }>;

/** JSON.stringify with every digit of a bigint. */
function written(value: JsonValue, space: string): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = Array.isArray(value)
    ? value.map((each: JsonValue) => written(each, space))
    : Object.entries(value).map(
        ([name, each]) => `${JSON.stringify(name)}${space}:${space}${written(each, space)}`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}${space}${inner.join(`${space},${space}`)}${space}${close}`;
}

/** The generated document with those bigints as numbers that a number can hold, and without -0. */
function expected(value: JsonValue): JsonValue {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : value;
  }
  if (typeof value === 'number') {
    // JSON.stringify writes whole doubles below 1e21 as integers.
    const text = JSON.stringify(value);
    return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : Number(text);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(expected);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, expected(each)]));
}
