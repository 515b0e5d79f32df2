import type { JsonWriter } from '../json-writer.ts';
import { jsonStringBytes, writeJsonString } from './json-string.ts';
import { QuotedText } from './quoted-text.ts';
import type { ValueWriter } from './value-writer.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_PARENTHESIS = 0x28;
const CLOSE_PARENTHESIS = 0x29;

export type CompositeField = { readonly name: string; readonly write: ValueWriter };

/**
 * `(1,,"a b")` to an object by attribute name. `compileFields` is called at the first value: types
 * that refer to each other would be compiled without end otherwise.
 * Text with another number of fields than the type has now was written before the type was altered;
 * which field is which cannot be told any more, so it stays text.
 * @see https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
 */
export function compositeWriter(compileFields: () => readonly CompositeField[]): ValueWriter {
  const quoted = new QuotedText();
  let keys: Uint8Array[] = [];
  let writers: ValueWriter[] | null = null;

  function compile(): ValueWriter[] {
    const fields = compileFields();
    keys = fields.map((field, index) => keyBytes(field.name, index === 0));
    return fields.map((field) => field.write);
  }

  function writeFields(source: Uint8Array, start: number, end: number, out: JsonWriter): boolean {
    writers ??= compile();
    const last = end - 1;
    if (last <= start || source[start] !== OPEN_PARENTHESIS) return false;
    if (source[last] !== CLOSE_PARENTHESIS) return false;
    out.byte(OPEN_BRACE);
    let i = start + 1;
    for (let field = 0; field < writers.length; field++) {
      if (field > 0 && source[i++] !== COMMA) return false;
      const key = keys[field]!;
      out.copy(key, 0, key.length);
      if (source[i] === QUOTE) {
        if (!quoted.read(source, i, last)) return false;
        writers[field]!(quoted.bytes, quoted.start, quoted.end, out);
        i = quoted.next;
      } else {
        const first = i;
        while (i < last && source[i] !== COMMA) i++;
        if (i === first) out.ascii('null');
        else writers[field]!(source, first, i, out);
      }
    }
    out.byte(CLOSE_BRACE);
    return i === last;
  }

  return (source, start, end, out) => {
    const before = out.length;
    if (writeFields(source, start, end, out)) return;
    out.length = before;
    writeJsonString(source, start, end, out);
  };
}

/** `"name":`, with the comma that parts it from the field before. */
function keyBytes(name: string, isFirst: boolean): Uint8Array {
  const text = jsonStringBytes(name);
  return Uint8Array.of(...(isFirst ? [] : [COMMA]), ...text, COLON);
}
