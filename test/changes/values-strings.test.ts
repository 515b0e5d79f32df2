import { Buffer } from 'node:buffer';
import { assert as check, property, string, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUILTIN_TYPES as builtin } from '../../src/changes/builtin-types.ts';
import { JsonWriter } from '../../src/changes/json-writer.ts';
import { writeBase64 } from '../../src/changes/values/base64.ts';
import {
  jsonStringBytes,
  writeJsonString,
  writeJsonText,
} from '../../src/changes/values/json-string.ts';
import { written, writtenAs } from './written-value.ts';

describe('a JSON string', () => {
  test('parses to the text it was written from', () => {
    check(
      property(string({ unit: 'binary', maxLength: 600 }), (text) => {
        expect(JSON.parse(written(writeJsonString, text))).toBe(text);
      }),
    );
  });

  test('has the shortest escapes, those of JSON.stringify', () => {
    const everyAscii = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
    expect(written(writeJsonString, everyAscii)).toBe(JSON.stringify(everyAscii));
  });

  test.each([0, 1, 3, 4, 5, 255, 256, 257, 50_000])(
    'of %i characters is whole, whether all, none or some of them need an escape',
    (length) => {
      const text = '\u0001'.repeat(length);
      expect(written(writeJsonString, text)).toBe(JSON.stringify(text));
    },
  );

  test('of a large text does not reserve the worst case', () => {
    const text = new TextEncoder().encode('plain '.repeat(1_000_000));
    const out = new JsonWriter();
    writeJsonString(text, 0, text.length, out);
    expect(out.length).toBe(text.length + 2);
    expect(out.bytes.length).toBeLessThan(text.length * 2);
  });

  test('is written from a name as from its bytes', () => {
    check(
      property(string({ unit: 'binary' }), (name) => {
        const out = new JsonWriter(1);
        writeJsonText(name, out);
        expect(out.text()).toBe(JSON.stringify(name));
        expect(Buffer.from(jsonStringBytes(name)).toString()).toBe(JSON.stringify(name));
      }),
    );
  });

  test('keeps half a surrogate pair as an escape', () => {
    const out = new JsonWriter();
    writeJsonText('a\ud800', out);
    expect(out.text()).toBe('"a\\ud800"');
  });
});

test('a document of any length is copied as it is', () => {
  for (let length = 1; length <= 100; length++) {
    const text = '7'.repeat(length);
    expect(writtenAs(builtin.jsonb.oid, text)).toBe(text);
  }
});

describe('base64', () => {
  test('of any bytes is what they decode from, as bytea and as content', () => {
    check(
      property(uint8Array({ maxLength: 300 }), (bytes) => {
        const expected = JSON.stringify(Buffer.from(bytes).toString('base64'));
        const hex = `\\x${Buffer.from(bytes).toString('hex')}`;
        expect(writtenAs(builtin.bytea.oid, hex)).toBe(expected);
        const out = new JsonWriter(1);
        writeBase64(bytes, out);
        expect(out.text()).toBe(expected);
      }),
    );
  });
});
