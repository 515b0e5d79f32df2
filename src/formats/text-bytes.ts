import type { JsonWriter } from '../changes/json-writer.ts';

/** The bytes of a text that is all ASCII. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Eight hexadecimal digits, for an id. */
export function writeHexPadded(value: number, out: JsonWriter): void {
  out.reserve(8);
  const bytes = out.bytes;
  let at = out.length;
  for (let shift = 28; shift >= 0; shift -= 4) bytes[at++] = hexDigit((value >>> shift) & 15);
  out.length = at;
}

/** Hexadecimal without leading zeros, as an LSN's halves are printed. */
export function writeHex(value: number, out: JsonWriter): void {
  out.reserve(8);
  const bytes = out.bytes;
  let at = out.length;
  let shift = 28;
  while (shift > 0 && ((value >>> shift) & 15) === 0) shift -= 4;
  for (; shift >= 0; shift -= 4) bytes[at++] = hexDigit((value >>> shift) & 15);
  out.length = at;
}

/** A non-negative integer below 2^31. */
export function writeDecimal(value: number, out: JsonWriter): void {
  out.reserve(10);
  const bytes = out.bytes;
  let end = out.length + 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++;
  let at = end;
  let rest = value;
  do {
    bytes[--at] = 0x30 + (rest % 10);
    rest = (rest / 10) | 0;
  } while (rest > 0);
  out.length = end;
}

/** Halves above this make a number past 2^53, which a double would round. */
const SAFE_HIGH_HALF = 2 ** 21;

/** An LSN as one decimal number, from its two halves. */
export function writeLsnDecimal(high: number, low: number, out: JsonWriter): void {
  const exact = high < SAFE_HIGH_HALF ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
  out.ascii(String(exact));
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x37 + value;
}
