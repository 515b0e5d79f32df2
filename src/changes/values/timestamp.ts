import type { JsonWriter } from '../json-writer.ts';
import { DOT, NINE, PLUS, QUOTE, ZERO } from './ascii.ts';
import { skipDigits } from './digits.ts';
import { writeJsonString } from './json-string.ts';
import type { ValueWriter } from './value-writer.ts';

const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

const AFTER_YEAR = new TextEncoder().encode('-00-00 00:00:00');
const DATE_LENGTH = 6;
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
  const fraction = month + AFTER_YEAR.length;
  const wellFormed =
    month - start >= 4 &&
    fraction <= zone &&
    matches(source, month, AFTER_YEAR) &&
    (fraction === zone || isFraction(source, fraction, zone));
  if (!wellFormed) return writeJsonString(source, start, end, out);

  out.reserve(zone - start + MICROSECOND_DIGITS + 4);
  const bytes = out.bytes;
  let at = out.length;
  bytes[at++] = QUOTE;
  for (let i = start; i < fraction; i++) bytes[at++] = source[i]!;
  bytes[at - AFTER_YEAR.length + DATE_LENGTH] = LETTER_T;
  bytes[at++] = DOT;
  for (let i = fraction + 1; i <= fraction + MICROSECOND_DIGITS; i++) {
    bytes[at++] = i < zone ? source[i]! : ZERO;
  }
  if (zone < end) bytes[at++] = LETTER_Z;
  bytes[at++] = QUOTE;
  out.length = at;
}

/** A zero in the pattern stands for any digit, the rest for itself. */
function matches(source: Uint8Array, start: number, pattern: Uint8Array): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const byte = source[start + i]!;
    const expected = pattern[i]!;
    if (expected === ZERO ? byte < ZERO || byte > NINE : byte !== expected) return false;
  }
  return true;
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
