import { array, constantFrom, property, assert as check, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUILTIN_TYPES as builtin, builtinTypeCatalog } from '../../src/changes/builtin-types.ts';
import type { PgType, TypeCatalog } from '../../src/changes/type-catalog.ts';
import { writtenAs } from './written-value.ts';

const PAIR = 70_001;
const PAIRS = 70_002;
const NUMBER = 70_003;
const TREE = 70_004;
const TREES = 70_005;
const NOTHING = 70_006;
const OVER_ITSELF = 70_007;
const LIST_OF_ITSELF = 70_008;

const TYPES: Record<number, PgType> = {
  [PAIR]: {
    kind: 'composite',
    attributes: [
      { name: 'n', typeOid: NUMBER },
      { name: 'te"xt', typeOid: builtin.text.oid },
    ],
  },
  [PAIRS]: { kind: 'array', elementOid: PAIR, delimiter: ',' },
  [NUMBER]: { kind: 'domain', baseOid: builtin.int4.oid },
  [TREE]: {
    kind: 'composite',
    attributes: [
      { name: 'id', typeOid: builtin.int4.oid },
      { name: 'children', typeOid: TREES },
    ],
  },
  [TREES]: { kind: 'array', elementOid: TREE, delimiter: ',' },
  [NOTHING]: { kind: 'composite', attributes: [] },
  [OVER_ITSELF]: { kind: 'domain', baseOid: OVER_ITSELF },
  [LIST_OF_ITSELF]: { kind: 'array', elementOid: LIST_OF_ITSELF, delimiter: ',' },
};
const catalog: TypeCatalog = { lookUp: (oid) => TYPES[oid] ?? builtinTypeCatalog.lookUp(oid) };
const as = (oid: number, text: string) => writtenAs(oid, text, { catalog });

describe('an array', () => {
  test.each([
    ['{}', '[]'],
    ['{1,NULL,-3}', '[1,null,-3]'],
    ['{{1,2},{3,4}}', '[[1,2],[3,4]]'],
    ['{{{1}},{{2}}}', '[[[1]],[[2]]]'],
    ['[0:1]={1,2}', '[1,2]'],
    ['[-1:0][2:2]={{1},{2}}', '[[1],[2]]'],
  ])('of integers %s is %s', (text, json) => {
    expect(as(builtin.int4.arrayOid, text)).toBe(json);
  });

  test.each([
    [String.raw`{a,"NULL",NULL,"",nULL}`, ['a', 'NULL', null, '', 'nULL']],
    [String.raw`{"a,b","{c}","\"","\\",漢}`, ['a,b', '{c}', '"', '\\', '漢']],
    [
      String.raw`{{"a b",c},{NULL,"\\\"\\"}}`,
      [
        ['a b', 'c'],
        [null, '\\"\\'],
      ],
    ],
  ])('of text %s keeps its elements apart', (text, value) => {
    expect(JSON.parse(as(builtin.text.arrayOid, text))).toEqual(value);
  });

  test('of boxes has semicolons between them', () => {
    expect(as(builtin.box.arrayOid, '{(1,1),(0,0);(2,2),(1,1)}')).toBe(
      '["(1,1),(0,0)","(2,2),(1,1)"]',
    );
  });

  test('of documents holds documents', () => {
    const text = String.raw`{"{\"a\": \"\\\"\"}",1,NULL}`;
    expect(as(builtin.jsonb.arrayOid, text)).toBe(String.raw`[{"a": "\""},1,null]`);
  });

  test('with an element longer than the kept buffer is written whole', () => {
    const long = '"'.repeat(100_000);
    const text = `{"${long.replaceAll('"', '\\"')}",b}`;
    expect(JSON.parse(as(builtin.text.arrayOid, text))).toEqual([long, 'b']);
  });

  test.each([
    '',
    '{',
    '}',
    '1,2',
    '{1',
    '{1,2',
    '{1}2',
    '{1}}',
    '{"a}',
    '{"a\\',
    '{,}',
    '{1,}',
    '[0:1]{1}',
    '[',
    '{"a"b}',
  ])('that is none, %s, stays text', (text) => {
    expect(as(builtin.text.arrayOid, text)).toBe(JSON.stringify(text));
  });

  test('with an element that is not of its type keeps that element as text', () => {
    expect(as(builtin.int4.arrayOid, '{1,x}')).toBe('[1,"x"]');
  });
});

describe('a composite', () => {
  test.each([
    ['(1,a)', { n: 1, 'te"xt': 'a' }],
    ['(,)', { n: null, 'te"xt': null }],
    ['(1,"")', { n: 1, 'te"xt': '' }],
    ['("1"," (a, ""b"" \\\\) ")', { n: 1, 'te"xt': ' (a, "b" \\) ' }],
    ['(-7,NULL)', { n: -7, 'te"xt': 'NULL' }],
  ])('%s is an object', (text, value) => {
    expect(JSON.parse(as(PAIR, text))).toEqual(value);
  });

  test('without attributes is an empty object', () => {
    expect(as(NOTHING, '()')).toBe('{}');
  });

  test('in an array in an array element of a composite is written in depth', () => {
    const text = String.raw`(1,"{""(2,\\""{\\\\\\""(3,{})\\\\\\""}\\"")"",NULL}")`;
    expect(as(TREE, text)).toBe(
      '{"id":1,"children":[{"id":2,"children":[{"id":3,"children":[]}]},null]}',
    );
  });

  test.each([
    '',
    '(',
    ')',
    '()',
    '(1)',
    '(1,2,3)',
    '(1,"a)',
    '(1,"a"b)',
    '1,a',
    '(1,a',
    '(1,"a\\)',
  ])('with another shape than its type has now, %s, stays text', (text) => {
    expect(as(PAIR, text)).toBe(JSON.stringify(text));
  });
});

describe('a catalog that goes in circles', () => {
  test.each([OVER_ITSELF, LIST_OF_ITSELF])('does not keep %i from being written', (oid) => {
    expect(as(oid, 'x{')).toBe('"x{"');
  });
});

test('whatever the text, the result is JSON', () => {
  const noise = array(constantFrom(...'{}[]()",;:=\\ \n+-.019eEtfNULLxBC漢😀'), { maxLength: 40 });
  const oids = [...Object.values(builtin), ...Object.keys(TYPES)].flatMap((type) => {
    if (typeof type === 'string') return [Number(type)];
    return 'arrayOid' in type ? [type.oid, type.arrayOid] : [type.oid];
  });
  // The server has checked json and jsonb, and their text is copied as it is.
  const unchecked = new Set<number>(
    [builtin.json, builtin.jsonb].flatMap((t) => [t.oid, t.arrayOid]),
  );
  const checked = oids.filter((oid) => !unchecked.has(oid));
  check(
    property(constantFrom(...checked), noise, (oid, parts) => {
      const json = as(oid, parts.join(''));
      expect(() => JSON.parse(json)).not.toThrow();
    }),
    { numRuns: 3000 },
  );
});

test('an array of any strings, quoted as the server quotes, is those strings', () => {
  check(
    property(
      array(string({ unit: 'binary', maxLength: 20 }), { minLength: 1, maxLength: 6 }),
      (strings) => {
        const quoted = strings.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`);
        expect(JSON.parse(as(builtin.text.arrayOid, `{${quoted.join()}}`))).toEqual(strings);
      },
    ),
  );
});
