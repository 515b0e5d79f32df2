import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { visibleLine, visibleText } from '../../src/quantities/visible-text.ts';

test.each([
  ['an escape', 'a\u001b[2J', String.raw`a\u001b[2J`],
  ['a bell, a backspace and a delete', '\u0007\b\u007f', String.raw`\u0007\u0008\u007f`],
  ['C1', '\u009b1m\u0085', String.raw`\u009b1m\u0085`],
  ['a line', 'a\r\n\tb', String.raw`a\r\n\tb`],
  ['separators', '\u2028\u2029', String.raw`\u2028\u2029`],
  ['bidi', '\u202e\u2066\u061c\u200f', String.raw`\u202e\u2066\u061c\u200f`],
  ['no width', '\u200b\u2060\ufeff\u00ad', String.raw`\u200b\u2060\ufeff\u00ad`],
  ['fillers', '\u115f\u3164\uffa0\u034f\ufe0f', String.raw`\u115f\u3164\uffa0\u034f\ufe0f`],
  ['a tag', '\u{e0041}', String.raw`\udb40\udc41`],
  ['half a character', '\ud800x', String.raw`\ud800x`],
])('%s is seen', (_what, text, shown) => {
  expect(visibleLine(text)).toBe(shown);
});

test.each(['plain', 'größer → ✓', '名前', 'שלום', '🙂', 'e\u0301'])('%s stays', (text) => {
  expect(visibleLine(text)).toBe(text);
});

test('a text of several lines keeps them', () => {
  expect(visibleText('a\nb\u001b\r\n')).toBe('a\nb\\u001b\\r\n');
});

test('JSON means the same, and a second time changes nothing', () => {
  assert(
    property(string({ unit: 'binary' }), (text) => {
      const shown = visibleLine(JSON.stringify({ [text]: text }));
      expect(JSON.parse(shown)).toEqual({ [text]: text });
      expect(visibleLine(shown)).toBe(shown);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});
