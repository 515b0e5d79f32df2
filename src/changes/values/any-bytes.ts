import { writeBase64 } from './base64.ts';
import type { ValueWriter } from './value-writer.ts';

const CLOSE_BRACE = 0x7d;

/**
 * For values that nothing has checked, as a database with the encoding SQL_ASCII holds them: one that
 * is not UTF-8 is written as `{"base64":"…"}`, all its bytes, which no text is ever written as.
 */
export function anyBytesWriter(writeText: ValueWriter): ValueWriter {
  return (source, start, end, out) => {
    if (isUtf8(source, start, end)) return writeText(source, start, end, out);
    out.ascii('{"base64":');
    writeBase64(source.subarray(start, end), out);
    out.byte(CLOSE_BRACE);
  };
}

/**
 * Well-formed, and so no surrogates, nothing written longer than it need be, nothing past U+10FFFF.
 * @see https://www.unicode.org/versions/latest/core-spec/chapter-3/ (table 3-7)
 */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end) {
    const lead = bytes[i++]!;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (i + more > end) return false;
    const second = bytes[i]!;
    if (second < lowest(lead) || second > highest(lead)) return false;
    for (let k = 1; k < more; k++) if ((bytes[i + k]! & 0xc0) !== 0x80) return false;
    i += more;
  }
  return true;
}

/** What the byte after the lead may be. */
function lowest(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

function highest(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}
