import { writeJsonString } from './json-string.ts';
import type { ValueWriter } from './value-writer.ts';

/** `t` and `f`. */
export const writeBoolean: ValueWriter = (source, start, end, out) => {
  const byte = end - start === 1 ? source[start] : 0;
  if (byte === 0x74) out.ascii('true');
  else if (byte === 0x66) out.ascii('false');
  else writeJsonString(source, start, end, out);
};
