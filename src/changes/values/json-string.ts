import { JsonWriter } from '../json-writer.ts';
import { BACKSLASH, QUOTE } from './ascii.ts';

const UNICODE_ESCAPE = 0x75; // 'u'
const HEX_DIGITS = '0123456789abcdef';

/** By byte: 0 for a byte that stands for itself, else the character after its backslash. */
const ESCAPES = new Uint8Array(256).fill(UNICODE_ESCAPE, 0, 0x20);
for (const [character, escape] of ['""', '\\\\', '\bb', '\tt', '\nn', '\ff', '\rr']) {
  ESCAPES[character!.charCodeAt(0)] = escape!.charCodeAt(0);
}

/** A byte becomes six at worst (\u001f). */
const MAX_GROWTH = 6;
/** Longer text is escaped in pieces, or the worst case of a 100 MB value would reserve 600. */
const PIECE = 8192;

/**
 * Writes UTF-8 bytes as a quoted JSON string, with the shortest escapes. Multi-byte characters are
 * copied unchecked: the server converts all text to client_encoding, and refuses what it cannot.
 */
export function writeJsonString(
  source: Uint8Array,
  start: number,
  end: number,
  out: JsonWriter,
): void {
  const length = end - start;
  if (length > PIECE) return writeLongString(source, start, end, out);
  out.reserve(length * MAX_GROWTH + 2);
  const bytes = out.bytes;
  let at = out.length;
  bytes[at++] = QUOTE;
  at = escapeInto(source, start, end, bytes, at);
  bytes[at++] = QUOTE;
  out.length = at;
}

function writeLongString(source: Uint8Array, start: number, end: number, out: JsonWriter): void {
  out.reserve(end - start + PIECE * MAX_GROWTH);
  out.byte(QUOTE);
  for (let piece = start; piece < end; piece += PIECE) {
    out.reserve(PIECE * MAX_GROWTH);
    out.length = escapeInto(source, piece, Math.min(piece + PIECE, end), out.bytes, out.length);
  }
  out.byte(QUOTE);
}

/** Returns the first free index of `bytes`, which has to have room for the worst case. */
function escapeInto(
  source: Uint8Array,
  start: number,
  end: number,
  bytes: Uint8Array,
  at: number,
): number {
  for (let i = start; i < end; i++) {
    const byte = source[i]!;
    const escape = ESCAPES[byte]!;
    if (escape === 0) bytes[at++] = byte;
    else at = escapeByte(byte, escape, bytes, at);
  }
  return at;
}

function escapeByte(byte: number, escape: number, bytes: Uint8Array, at: number): number {
  bytes[at++] = BACKSLASH;
  bytes[at++] = escape;
  if (escape !== UNICODE_ESCAPE) return at;
  bytes[at++] = 0x30;
  bytes[at++] = 0x30;
  bytes[at++] = HEX_DIGITS.charCodeAt(byte >> 4);
  bytes[at++] = HEX_DIGITS.charCodeAt(byte & 15);
  return at;
}

const utf8 = new TextEncoder();

/** For names and other short text; not for rows. A lone surrogate, unknown to UTF-8, stays an escape. */
export function writeJsonText(text: string, out: JsonWriter): void {
  const bytes = utf8.encode(JSON.stringify(text));
  out.copy(bytes, 0, bytes.length);
}

/** A quoted JSON string to be written many times, such as a column's name. */
export function jsonStringBytes(text: string): Uint8Array {
  const out = new JsonWriter(text.length + 2);
  writeJsonText(text, out);
  return out.written().slice();
}
