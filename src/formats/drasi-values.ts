import { BUILTIN_TYPES as builtin } from '../changes/builtin-types.ts';
import { JsonWriter } from '../changes/json-writer.ts';
import type { PgType } from '../changes/type-catalog.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import { writeNumber } from '../changes/values/number.ts';
import type { ValueOptions, ValueWriter } from '../changes/values/value-writer.ts';

const QUOTE = 0x22;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const EXPONENT = 0x65; // 'e'
const SPACE = 0x20;
/** A double holds every number of so many digits before its point. */
const MAX_WHOLE_DIGITS = 308;

/**
 * Values as Drasi's own Postgres source makes them, where those differ from the `walhook` event's:
 * float4, float8 and numeric are floats, json and jsonb are compact text, and types that Drasi has no
 * value for are strings.
 */
export function drasiValues(values: ValueOptions): ValueOptions {
  return { ...values, override: (oid, type) => drasiWriter(oid, type, values.numeric) };
}

function drasiWriter(
  typeOid: number,
  { kind }: PgType,
  numeric: ValueOptions['numeric'],
): ValueWriter | undefined {
  if (kind === 'composite') return writeJsonString;
  switch (typeOid) {
    case builtin.float4.oid:
    case builtin.float8.oid:
      return writeFloat;
    case builtin.numeric.oid:
      return numeric === 'number' ? writeFloat : undefined;
    case builtin.json.oid:
    case builtin.jsonb.oid:
      return writeCompactText;
    // Unsigned, and in Drasi's mapping among all other types: strings.
    case builtin.oid.oid:
    case builtin.xid.oid:
    case builtin.cid.oid:
    case builtin.xid8.oid:
      return writeJsonString;
    default:
      return undefined;
  }
}

/**
 * Always with a point or an exponent: Drasi reads a number without either as an integer, and a column
 * would change its type from row to row. What no double can hold is text: one such number would have
 * the whole batch refused.
 */
const writeFloat: ValueWriter = (source, start, end, out) => {
  let point = start;
  while (point < end && source[point] !== DOT && source[point] !== EXPONENT) point++;
  if (point - start > MAX_WHOLE_DIGITS) return writeJsonString(source, start, end, out);
  const first = out.length;
  writeNumber(source, start, end, out);
  if (point === end && out.bytes[first] !== QUOTE) out.ascii('.0');
};

/** What one huge document needs is not kept. */
const MAX_KEPT_BYTES = 65_536;
const kept = new JsonWriter(256);

/** A JSON document as a string, without the white space between its parts. */
const writeCompactText: ValueWriter = (source, start, end, out) => {
  const length = end - start;
  const compact = length > MAX_KEPT_BYTES ? new JsonWriter(length) : kept;
  compact.clear();
  compact.reserve(length);
  const { bytes } = compact;
  let at = 0;
  let quoted = false;
  for (let i = start; i < end; i++) {
    const byte = source[i]!;
    if (!quoted && byte <= SPACE) continue;
    bytes[at++] = byte;
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted && byte === BACKSLASH) bytes[at++] = source[++i]!;
  }
  writeJsonString(bytes, 0, at, out);
};
