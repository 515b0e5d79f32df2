import { writeJson, writeJsonb } from '../changes/values/json-document.ts';
import type { ValueWriter } from '../changes/values/value-writer.ts';

/**
 * A column that is the JSON document `null` is the text "null", as in Debezium, where documents are
 * text: an SQL null is something else.
 */
export function debeziumColumn(write: ValueWriter): ValueWriter {
  return write === writeJson || write === writeJsonb ? orTextOfNull(write) : write;
}

function orTextOfNull(write: ValueWriter): ValueWriter {
  return (source, start, end, out) => {
    if (isNullDocument(source, start, end)) out.ascii('"null"');
    else write(source, start, end, out);
  };
}

const SPACE = 0x20;
const NULL = [0x6e, 0x75, 0x6c, 0x6c];

/** json keeps the white space around it. */
function isNullDocument(source: Uint8Array, start: number, end: number): boolean {
  let first = start;
  while (first < end && source[first]! <= SPACE) first++;
  if (source[first] !== NULL[0]) return false;
  let last = end;
  while (last > first && source[last - 1]! <= SPACE) last--;
  return last - first === NULL.length && NULL.every((byte, i) => source[first + i] === byte);
}
