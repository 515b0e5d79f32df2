import { skipDigits } from './digits.ts';
import { writeJsonString } from './json-string.ts';
import type { ValueWriter } from './value-writer.ts';

const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const EXPONENT = 0x65; // 'e'

/** Digit for digit, so that int8 keeps those past 2^53. */
export const writeInteger: ValueWriter = (source, start, end, out) => {
  const length = end - start;
  out.reserve(length);
  const bytes = out.bytes;
  let at = out.length;
  let i = start;
  if (i < end && source[i] === MINUS) bytes[at++] = source[i++]!;
  const first = i;
  for (; i < end; i++) {
    const byte = source[i]!;
    if (byte < ZERO || byte > NINE) break;
    bytes[at++] = byte;
  }
  const leadingZero = source[first] === ZERO && i - first > 1;
  if (i < end || i === first || leadingZero) return writeJsonString(source, start, end, out);
  out.length = at;
};

/**
 * float4, float8 and numeric as a JSON number where the text is one (`-0`, `1e+20`, `12.50`);
 * `NaN`, `Infinity` and `-Infinity`, which JSON has no number for, as strings.
 */
export const writeNumber: ValueWriter = (source, start, end, out) => {
  if (isJsonNumber(source, start, end)) out.copy(source, start, end);
  else writeJsonString(source, start, end, out);
};

/** @see https://www.rfc-editor.org/rfc/rfc8259#section-6 */
function isJsonNumber(source: Uint8Array, start: number, end: number): boolean {
  let i = start;
  if (i < end && source[i] === MINUS) i++;
  const whole = i;
  i = skipDigits(source, i, end);
  if (i === whole || (source[whole] === ZERO && i - whole > 1)) return false;
  if (i < end && source[i] === DOT) {
    const fraction = ++i;
    i = skipDigits(source, i, end);
    if (i === fraction) return false;
  }
  if (i < end && source[i] === EXPONENT) {
    i++;
    if (i < end && (source[i] === PLUS || source[i] === MINUS)) i++;
    const exponent = i;
    i = skipDigits(source, i, end);
    if (i === exponent) return false;
  }
  return i === end;
}
