import type { JsonWriter } from '../json-writer.ts';
import { writeJsonString } from './json-string.ts';
import { QuotedText } from './quoted-text.ts';
import type { ValueWriter } from './value-writer.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * `{1,NULL,"a,b"}` to nested JSON arrays. Explicit lower bounds (`[0:1]={…}`) are dropped: JSON has
 * no place for them.
 * @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function arrayWriter(writeElement: ValueWriter, delimiter: string): ValueWriter {
  const delimiterByte = delimiter.charCodeAt(0);
  const quoted = new QuotedText();

  function writeElements(source: Uint8Array, start: number, end: number, out: JsonWriter): boolean {
    let depth = 0;
    let i = start;
    let afterElement = false;
    while (i < end) {
      const byte = source[i]!;
      if (afterElement) {
        if (byte === CLOSE_BRACE) {
          out.byte(CLOSE_BRACKET);
          if (--depth === 0) return i + 1 === end;
        } else if (byte === delimiterByte) {
          out.byte(COMMA);
          afterElement = false;
        } else return false;
        i++;
      } else if (byte === OPEN_BRACE) {
        out.byte(OPEN_BRACKET);
        depth++;
        i++;
        afterElement = i < end && source[i] === CLOSE_BRACE;
      } else if (depth === 0) {
        return false;
      } else if (byte === QUOTE) {
        if (!quoted.read(source, i, end)) return false;
        writeElement(quoted.bytes, quoted.start, quoted.end, out);
        i = quoted.next;
        afterElement = true;
      } else {
        const first = i;
        while (i < end && source[i] !== delimiterByte && source[i] !== CLOSE_BRACE) i++;
        if (i === first) return false;
        if (isNull(source, first, i)) out.ascii('null');
        else writeElement(source, first, i, out);
        afterElement = true;
      }
    }
    return false;
  }

  return (source, start, end, out) => {
    const before = out.length;
    if (writeElements(source, afterBounds(source, start, end), end, out)) return;
    out.length = before;
    writeJsonString(source, start, end, out);
  };
}

function afterBounds(source: Uint8Array, start: number, end: number): number {
  if (source[start] !== OPEN_BRACKET) return start;
  let i = start;
  while (i < end && source[i] !== EQUALS) i++;
  return i + 1;
}

/** An element that is the text NULL comes in quotes. */
function isNull(source: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === 4 &&
    source[start] === 0x4e &&
    source[start + 1] === 0x55 &&
    source[start + 2] === 0x4c &&
    source[start + 3] === 0x4c
  );
}

/** int2vector and oidvector, arrays inside the server, print as `1 2 3`. */
export function vectorWriter(writeElement: ValueWriter): ValueWriter {
  return (source, start, end, out) => {
    out.byte(OPEN_BRACKET);
    let first = start;
    for (let i = start; i <= end; i++) {
      if (i < end && source[i] !== SPACE) continue;
      if (first > start) out.byte(COMMA);
      if (end > start) writeElement(source, first, i, out);
      first = i + 1;
    }
    out.byte(CLOSE_BRACKET);
  };
}
