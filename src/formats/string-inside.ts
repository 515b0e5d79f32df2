import { JsonWriter } from '../changes/json-writer.ts';
import { writeJsonString } from '../changes/values/json-string.ts';
import type { ValueWriter } from '../changes/values/value-writer.ts';

const QUOTE = 0x22;

const value = new JsonWriter(64);
const text = new JsonWriter(64);

/**
 * A value as part of a JSON string: what its writer makes of it, so that the text is the one that
 * stands in the row; a string without its quotes, all else escaped.
 */
export function writeInsideString(
  write: ValueWriter,
  source: Uint8Array,
  start: number,
  end: number,
  out: JsonWriter,
): void {
  value.clear();
  write(source, start, end, value);
  if (value.bytes[0] === QUOTE) return out.copy(value.bytes, 1, value.length - 1);
  text.clear();
  writeJsonString(value.bytes, 0, value.length, text);
  out.copy(text.bytes, 1, text.length - 1);
}
