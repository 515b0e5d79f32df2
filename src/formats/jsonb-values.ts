import { BUILTIN_TYPES as builtin } from '../changes/builtin-types.ts';
import type { JsonWriter } from '../changes/json-writer.ts';
import { vectorWriter } from '../changes/values/array.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import type { ValueOptions, ValueWriter } from '../changes/values/value-writer.ts';
import { writeInterval } from './postgres-interval.ts';

const SPACE = 0x20;
const PLUS = 0x2b;
const ZERO = 0x30;
const LETTER_T = 0x54;

/**
 * Values as the server's to_jsonb() makes them, where those differ from the `walhook` event's. That is
 * what a trigger of a row has in hand that sends it as JSON.
 * @see https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-JSON-CREATION-TABLE
 */
export function jsonbValues(values: ValueOptions): ValueOptions {
  return { ...values, override: (oid) => WRITERS.get(oid) };
}

/** `2026-01-31 12:00:00.5` as `"2026-01-31T12:00:00.5"`. */
const writeLocalTime: ValueWriter = (source, start, end, out) => {
  const first = out.length;
  writeJsonString(source, start, end, out);
  const space = out.bytes.subarray(0, out.length).indexOf(SPACE, first);
  // Without a time it is infinity.
  if (space !== -1) out.bytes[space] = LETTER_T;
};

/** `2026-01-31 12:00:00.5+00` as `"2026-01-31T12:00:00.5+00:00"`; before Christ ` BC` follows. */
const writeTimeInUtc: ValueWriter = (source, start, end, out) => {
  const zone = source.subarray(0, end).lastIndexOf(PLUS);
  const afterZone = zone + 3;
  const isUtc = zone >= start && source[zone + 1] === ZERO && source[zone + 2] === ZERO;
  if (!isUtc || afterZone > end) return writeJsonString(source, start, end, out);
  writeLocalTime(source, start, afterZone, out);
  out.length -= 1;
  out.ascii(':00');
  writeRest(source, afterZone, end, out);
};

function writeRest(source: Uint8Array, start: number, end: number, out: JsonWriter): void {
  const first = out.length;
  writeJsonString(source, start, end, out);
  // The string goes on: its own opening quote is none.
  out.bytes.copyWithin(first, first + 1, out.length);
  out.length -= 1;
}

const WRITERS: ReadonlyMap<number, ValueWriter> = new Map<number, ValueWriter>([
  [builtin.timestamp.oid, writeLocalTime],
  [builtin.timestamptz.oid, writeTimeInUtc],
  [builtin.bytea.oid, writeJsonString],
  [builtin.interval.oid, writeInterval],
  // Numbers, but not to a JSON function: it asks for the numeric types alone.
  [builtin.oid.oid, writeJsonString],
  [builtin.xid.oid, writeJsonString],
  [builtin.cid.oid, writeJsonString],
  [builtin.xid8.oid, writeJsonString],
  [builtin.oidvector.oid, vectorWriter(writeJsonString)],
]);
