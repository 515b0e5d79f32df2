import { describe, expect, test } from 'vitest';
import { BUILTIN_TYPES as builtin } from '../../src/changes/builtin-types.ts';
import { writtenAs } from './written-value.ts';

type Name = keyof typeof builtin;

describe.each<{ name: Name; as: Record<string, string> }>([
  { name: 'bool', as: { t: 'true', f: 'false', maybe: '"maybe"', '': '""' } },
  {
    name: 'int8',
    as: {
      '0': '0',
      '-9223372036854775808': '-9223372036854775808',
      '9007199254740993': '9007199254740993',
      '007': '"007"',
      '-': '"-"',
      '1.0': '"1.0"',
      '1 ': '"1 "',
      '': '""',
    },
  },
  { name: 'oid', as: { '4294967295': '4294967295' } },
  { name: 'xid8', as: { '18446744073709551615': '18446744073709551615' } },
  {
    name: 'float8',
    as: {
      '1': '1',
      '-0': '-0',
      '0.1': '0.1',
      '1e+20': '1e+20',
      '-1.5e-05': '-1.5e-05',
      NaN: '"NaN"',
      Infinity: '"Infinity"',
      '-Infinity': '"-Infinity"',
      '.5': '".5"',
      '1.': '"1."',
      '1e': '"1e"',
      '01': '"01"',
      '0x1p3': '"0x1p3"',
    },
  },
  { name: 'numeric', as: { '12.50': '"12.50"', NaN: '"NaN"' } },
  { name: 'money', as: { '-$1,234.50': '"-$1,234.50"' } },
  { name: 'text', as: { 'a"b\\c\n\u0001漢😀': '"a\\"b\\\\c\\n\\u0001漢😀"' } },
  {
    name: 'uuid',
    as: { '6f1c3a52-0000-4000-8000-000000000000': '"6f1c3a52-0000-4000-8000-000000000000"' },
  },
  { name: 'json', as: { '{"a":\r\n 1\n}': '{"a":   1 }', '': '""' } },
  { name: 'jsonb', as: { '{"a": 1.10}': '{"a": 1.10}' } },
  {
    name: 'bytea',
    as: {
      '\\x': '""',
      '\\x00': '"AA=="',
      '\\xffFE': '"//4="',
      '\\x616263': '"YWJj"',
      '\\x61626364': '"YWJjZA=="',
      '\\x6': '"\\\\x6"',
      '\\x6g': '"\\\\x6g"',
      'abc\\000': '"abc\\\\000"',
      '\\': '"\\\\"',
    },
  },
  {
    name: 'timestamptz',
    as: {
      '2026-01-31 12:00:00+00': '"2026-01-31T12:00:00.000000Z"',
      '2026-01-31 12:00:00.1+00': '"2026-01-31T12:00:00.100000Z"',
      '2026-01-31 12:00:00.123456+00': '"2026-01-31T12:00:00.123456Z"',
      '294276-12-31 23:59:59.999999+00': '"294276-12-31T23:59:59.999999Z"',
      '0044-03-15 12:00:00+00 BC': '"0044-03-15 12:00:00+00 BC"',
      infinity: '"infinity"',
      '-infinity': '"-infinity"',
      '2026-01-31 12:00:00+05:30': '"2026-01-31 12:00:00+05:30"',
      '2026-01-31 12:00:00.1234567+00': '"2026-01-31 12:00:00.1234567+00"',
      '2026-01-31 12:00:00.+00': '"2026-01-31 12:00:00.+00"',
      '31/01/2026 12:00:00+00': '"31/01/2026 12:00:00+00"',
      '+00': '"+00"',
      '': '""',
    },
  },
  {
    name: 'timestamp',
    as: {
      '2026-01-31 12:00:00': '"2026-01-31T12:00:00.000000"',
      '12026-01-31 12:00:00.5': '"12026-01-31T12:00:00.500000"',
      '0044-03-15 12:00:00 BC': '"0044-03-15 12:00:00 BC"',
      infinity: '"infinity"',
    },
  },
  { name: 'date', as: { '2026-01-31': '"2026-01-31"', '0044-03-15 BC': '"0044-03-15 BC"' } },
  { name: 'timetz', as: { '12:00:00.5+05:30': '"12:00:00.5+05:30"' } },
  { name: 'interval', as: { 'P1Y-3DT0.5S': '"P1Y-3DT0.5S"' } },
  { name: 'int2vector', as: { '': '[]', '1': '[1]', '1 -2 3': '[1,-2,3]' } },
  { name: 'oidvector', as: { '0 4294967295': '[0,4294967295]' } },
  { name: 'numrange', as: { '[1.5,)': '"[1.5,)"', empty: '"empty"' } },
  { name: 'point', as: { '(1,-0)': '"(1,-0)"' } },
])('$name', ({ name, as }) => {
  test.each(Object.entries(as))('%j is written as %s', (text, json) => {
    expect(writtenAs(builtin[name].oid, text)).toBe(json);
    expect(() => JSON.parse(json)).not.toThrow();
  });
});

describe('the options', () => {
  const options = { int8: 'string', numeric: 'number' } as const;

  test.each<[Name, string, string]>([
    ['int8', '9007199254740993', '"9007199254740993"'],
    ['xid8', '1', '"1"'],
    ['int4', '1', '1'],
    ['numeric', '12345678901234567890.50', '12345678901234567890.50'],
    ['numeric', '-0.10', '-0.10'],
    ['numeric', 'NaN', '"NaN"'],
    ['numeric', '-Infinity', '"-Infinity"'],
  ])('%s %s is written as %s when they are switched', (name, text, json) => {
    expect(writtenAs(builtin[name].oid, text, { options })).toBe(json);
  });

  test('hold for elements of arrays too', () => {
    expect(writtenAs(builtin.int8.arrayOid, '{1,NULL}', { options })).toBe('["1",null]');
    expect(writtenAs(builtin.numeric.arrayOid, '{1.0,NaN}', { options })).toBe('[1.0,"NaN"]');
  });
});

test('a type that nobody knows is text', () => {
  expect(writtenAs(99_999, '(a,"b")')).toBe('"(a,\\"b\\")"');
});
