import type { JsonWriter } from '../json-writer.ts';
import { skipDigits } from './digits.ts';
import { writeJsonString } from './json-string.ts';
import type { ValueWriter } from './value-writer.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

const AFTER_YEAR_LENGTH = '-MM-DD HH:MM:SS'.length;
const SPACE_OFFSET = '-MM-DD'.length;
const MICROSECOND_DIGITS = 6;

/** `2026-01-31 12:00:00.12` → `"2026-01-31T12:00:00.120000"`; see writeIso for what stays as it is. */
export const writeTimestamp: ValueWriter = (source, start, end, out) => {
  writeIso(source, start, end, end, out);
};

/** `2026-01-31 12:00:00.12+00` → `"2026-01-31T12:00:00.120000Z"`. */
export const writeTimestamptz: ValueWriter = (source, start, end, out) => {
  const zone = end - 3;
  const isUtc = source[zone] === PLUS && source[zone + 1] === ZERO && source[zone + 2] === ZERO;
  if (isUtc) writeIso(source, start, zone, end, out);
  else writeJsonString(source, start, end, out);
};

/**
 * Always six digits of a second, so that the text sorts and has one shape. Years past 9999 have more
 * digits. `infinity`, `-infinity` and BC dates have no ISO form that receivers agree on: unchanged.
 */
function writeIso(
  source: Uint8Array,
  start: number,
  zone: number,
  end: number,
  out: JsonWriter,
): void {
  const month = skipDigits(source, start, zone);
  const fraction = month + AFTER_YEAR_LENGTH;
  const wellFormed =
    month - start >= 4 &&
    fraction <= zone &&
    isAfterYear(source, month) &&
    (fraction === zone || isFraction(source, fraction, zone));
  if (!wellFormed) return writeJsonString(source, start, end, out);

  out.reserve(zone - start + MICROSECOND_DIGITS + 4);
  const bytes = out.bytes;
  let at = out.length;
  bytes[at++] = QUOTE;
  for (let i = start; i < fraction; i++) bytes[at++] = source[i]!;
  bytes[at - AFTER_YEAR_LENGTH + SPACE_OFFSET] = LETTER_T;
  bytes[at++] = DOT;
  for (let i = fraction + 1; i <= fraction + MICROSECOND_DIGITS; i++) {
    bytes[at++] = i < zone ? source[i]! : ZERO;
  }
  if (zone < end) bytes[at++] = LETTER_Z;
  bytes[at++] = QUOTE;
  out.length = at;
}

/** `-MM-DD HH:MM:SS`, by shape. */
function isAfterYear(source: Uint8Array, at: number): boolean {
  return (
    source[at] === MINUS &&
    areTwoDigits(source, at + 1) &&
    source[at + 3] === MINUS &&
    areTwoDigits(source, at + 4) &&
    source[at + 6] === SPACE &&
    areTwoDigits(source, at + 7) &&
    source[at + 9] === COLON &&
    areTwoDigits(source, at + 10) &&
    source[at + 12] === COLON &&
    areTwoDigits(source, at + 13)
  );
}

function areTwoDigits(source: Uint8Array, at: number): boolean {
  const first = source[at]!;
  const second = source[at + 1]!;
  return first >= ZERO && first <= NINE && second >= ZERO && second <= NINE;
}

function isFraction(source: Uint8Array, start: number, end: number): boolean {
  const digits = end - start - 1;
  return (
    source[start] === DOT &&
    digits >= 1 &&
    digits <= MICROSECOND_DIGITS &&
    skipDigits(source, start + 1, end) === end
  );
}
