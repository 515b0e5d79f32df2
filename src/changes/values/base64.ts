import type { JsonWriter } from '../json-writer.ts';

const QUOTE = 0x22;
const EQUALS = 0x3d;

/** The 64 characters of RFC 4648, by six-bit value. */
export const BASE64_CHARACTERS = new TextEncoder().encode(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
);

/** Writes bytes as a quoted base64 string, padded. */
export function writeBase64(source: Uint8Array, out: JsonWriter): void {
  out.reserve(Math.ceil(source.length / 3) * 4 + 2);
  const bytes = out.bytes;
  let at = out.length;
  let i = 0;
  bytes[at++] = QUOTE;
  for (const last = source.length - 3; i <= last; i += 3) {
    const group = (source[i]! << 16) | (source[i + 1]! << 8) | source[i + 2]!;
    bytes[at++] = BASE64_CHARACTERS[group >> 18]!;
    bytes[at++] = BASE64_CHARACTERS[(group >> 12) & 63]!;
    bytes[at++] = BASE64_CHARACTERS[(group >> 6) & 63]!;
    bytes[at++] = BASE64_CHARACTERS[group & 63]!;
  }
  const left = source.length - i;
  if (left > 0) {
    const group = (source[i]! << 16) | (left === 2 ? source[i + 1]! << 8 : 0);
    bytes[at++] = BASE64_CHARACTERS[group >> 18]!;
    bytes[at++] = BASE64_CHARACTERS[(group >> 12) & 63]!;
    bytes[at++] = left === 2 ? BASE64_CHARACTERS[(group >> 6) & 63]! : EQUALS;
    bytes[at++] = EQUALS;
  }
  bytes[at++] = QUOTE;
  out.length = at;
}
