import { JsonWriter } from '../changes/json-writer.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import type { ValueWriter } from '../changes/values/value-writer.ts';

/** An interval as the server sends it to walhook: every part has its sign, and none need be there. */
const ISO_8601 =
  /^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+)(\.\d+)?S)?)?$/;

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const scratch = new JsonWriter(64);

/** `P1Y-3DT4H5M6.7S` as `"1 year -3 days +04:05:06.7"`, which is what the server prints by default. */
export const writeInterval: ValueWriter = (source, start, end, out) => {
  const parts = ISO_8601.exec(decoder.decode(source.subarray(start, end)));
  if (parts === null) return writeJsonString(source, start, end, out);
  const text = encoder.encode(inPostgresStyle(parts));
  scratch.clear();
  writeJsonString(text, 0, text.length, scratch);
  out.copy(scratch.bytes, 0, scratch.length);
};

/** @see https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-INTERVAL-OUTPUT */
function inPostgresStyle(parts: RegExpExecArray): string {
  const words: string[] = [];
  let isNegative = false;
  // After a part below zero one above it has a plus.
  const sign = (value: number): string => (isNegative && value > 0 ? '+' : '');
  for (const [index, unit] of ['year', 'mon', 'day'].entries()) {
    const value = Number(parts[index + 1] ?? 0);
    if (value === 0) continue;
    words.push(`${sign(value)}${value} ${unit}${value === 1 ? '' : 's'}`);
    isNegative = value < 0;
  }
  const clock = [parts[4], parts[5], parts[6]].map((part) => part ?? '0');
  const fraction = parts[7] ?? '';
  const isZero = clock.every((part) => Number(part) === 0) && fraction === '';
  if (isZero && words.length > 0) return words.join(' ');
  const minus = clock.some((part) => part.startsWith('-'));
  const digits = clock.map((part) => part.replace('-', '').padStart(2, '0')).join(':');
  const before = minus ? '-' : isNegative ? '+' : '';
  return [...words, `${before}${digits}${fraction}`].join(' ');
}
