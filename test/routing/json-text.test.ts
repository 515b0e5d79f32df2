import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonMembers } from '../../src/formats/json-members.ts';
import { jsonText, parseJson } from '../../src/routing/lossless-json.ts';

const rounded = (read: unknown): unknown => JSON.parse(jsonText(read)!);
const spaces = fc.constantFrom('', ' ', '\n', '\t  ');

describe('JSON that is read without rounding', () => {
  test('is what JSON.parse reads, once it has been rounded', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(rounded(parseJson(text))).toEqual(JSON.parse(text));
        // A long integer beside it makes the whole text be read the careful way.
        const [read] = parseJson(`[${text}, 12345678901234567890]`) as unknown[];
        expect(rounded(read)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('keeps integers of any length, and writes them again', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.string(), (big, name) => {
        const text = `{${JSON.stringify(name)}:[${big},{"deep":"${big}"}]}`;
        const read = parseJson(text) as Record<string, [number | bigint, unknown]>;
        expect(BigInt(read[name]![0])).toBe(big);
        expect(read[name]![1]).toEqual({ deep: String(big) });
        expect(JSON.parse(jsonText(read)!)).toEqual(JSON.parse(text));
        expect(jsonText(read)).toContain(`[${big},`);
      }),
    );
  });

  test.each([
    ['"\\"1234567890123456789\\\\"', '"1234567890123456789\\'],
    ['"n1234567890123456789"', 'n1234567890123456789'],
    ['-9007199254740993', -9_007_199_254_740_993n],
    ['9007199254740991', 9_007_199_254_740_991],
    ['1234567890123456.5', 1_234_567_890_123_456.5],
    ['12345678901234568e2', 1.234_567_890_123_456_8e18],
  ])('%s', (text, expected) => {
    expect(parseJson(text)).toBe(expected);
  });

  test('may have the worst of names', () => {
    expect(Object.keys(parseJson('{"__proto__": 12345678901234567890}')!)).toEqual(['__proto__']);
  });
});

test('the members of an object are found where they stand', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), spaces, (object, space) => {
      const entries = Object.entries(object).map(
        ([name, value]) =>
          `${space}${JSON.stringify(name)}${space}:${space}${JSON.stringify(value, null, space)}${space}`,
      );
      const bytes = new TextEncoder().encode(`${space}{${entries.join() || space}}${space}`);
      const found = [...jsonMembers(bytes)].map(([name, { start, end }]) => [
        name,
        JSON.stringify(JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)))),
      ]);
      const expected = Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)]);
      expect(found.toSorted()).toEqual(expected.toSorted());
    }),
  );
});
