import { writeJsonString } from './json-string.ts';
import type { ValueWriter } from './value-writer.ts';

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The server checked it and prints it in one line: copied, never parsed. */
export const writeJsonb: ValueWriter = (source, start, end, out) => {
  if (start === end) writeJsonString(source, start, end, out);
  else out.copy(source, start, end);
};

/**
 * json keeps its author's white space. A line break there becomes a space, since a sink that writes
 * one event a line must not be split; inside a JSON string a raw line break is not legal.
 */
export const writeJson: ValueWriter = (source, start, end, out) => {
  const first = out.length;
  writeJsonb(source, start, end, out);
  const bytes = out.bytes;
  const last = out.length;
  for (let i = first; i < last; i++) {
    const byte = bytes[i]!;
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) bytes[i] = SPACE;
  }
};
