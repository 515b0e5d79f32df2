import { BASE64_CHARACTERS } from './base64.ts';
import { writeJsonString } from './json-string.ts';
import type { ValueWriter } from './value-writer.ts';

const QUOTE = 0x22;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const LOWER_X = 0x78;

/** Above any three digits together, wherever among them it stands. */
const NOT_HEX = 0x1000;
const NIBBLES = new Uint16Array(256).fill(NOT_HEX);
for (let value = 0; value < 16; value++) {
  NIBBLES[value.toString(16).charCodeAt(0)] = value;
  NIBBLES[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** `\x` and two hexadecimal digits a byte, to base64 (RFC 4648, padded): half the size. */
export const writeBytea: ValueWriter = (source, start, end, out) => {
  const digits = end - start - 2;
  if (
    digits < 0 ||
    digits % 2 !== 0 ||
    source[start] !== BACKSLASH ||
    source[start + 1] !== LOWER_X
  ) {
    return writeJsonString(source, start, end, out);
  }
  out.reserve(Math.ceil(digits / 6) * 4 + 2);
  const bytes = out.bytes;
  // An imported binding is loaded anew at each use.
  const characters = BASE64_CHARACTERS;
  let at = out.length;
  let i = start + 2;
  let seen = 0;
  bytes[at++] = QUOTE;
  // Three digits are twelve bits, which are two characters.
  for (const last = end - 3; i <= last; i += 3) {
    const group =
      (NIBBLES[source[i]!]! << 8) | (NIBBLES[source[i + 1]!]! << 4) | NIBBLES[source[i + 2]!]!;
    seen |= group;
    bytes[at] = characters[(group >> 6) & 63]!;
    bytes[at + 1] = characters[group & 63]!;
    at += 2;
  }
  // Left over: two digits after full groups of six (one byte), or one after a group of three (two bytes).
  const left = end - i;
  if (left > 0) {
    const group = (NIBBLES[source[i]!]! << 8) | (left === 2 ? NIBBLES[source[i + 1]!]! << 4 : 0);
    seen |= group;
    bytes[at++] = characters[(group >> 6) & 63]!;
    if (left === 2) {
      bytes[at++] = characters[group & 63]!;
      bytes[at++] = EQUALS;
    }
    bytes[at++] = EQUALS;
  }
  bytes[at++] = QUOTE;
  if (seen >= NOT_HEX) writeJsonString(source, start, end, out);
  else out.length = at;
};
