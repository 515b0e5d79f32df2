/**
 * The text of a body; null where it cannot be read. A byte order mark goes before what is declared,
 * as for browsers; where neither says anything, it is UTF-8, or UTF-16 by its zeros, as JSON once was.
 * @see https://encoding.spec.whatwg.org/
 */
export function textOf(bytes: Uint8Array, contentType: string | null): string | null {
  if (bytes.length === 0) return '';
  const charset = markedCharset(bytes) ?? declaredCharset(contentType) ?? guessedCharset(bytes);
  if (charset === 'utf-8') return UTF_8.decode(bytes);
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return asciiOf(bytes, charset);
  }
}

const UTF_8 = new TextDecoder();

function markedCharset(bytes: Uint8Array): string | null {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // UTF-32 begins with the same two bytes, and is decoded nowhere.
  if (first === 0xff && second === 0xfe) return isZero(bytes, 2) ? 'utf-32' : 'utf-16le';
  return null;
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

function declaredCharset(contentType: string | null): string | null {
  const declared = contentType === null ? undefined : CHARSET.exec(contentType)?.[1];
  // Without a byte order mark, `utf-16` does not say which of the two it is.
  return declared === undefined || /^utf-?16$/i.test(declared) ? null : declared.toLowerCase();
}

function guessedCharset(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (bytes.length < 2 || (first !== 0 && second !== 0)) return 'utf-8';
  if (isZero(bytes, 2) || (first === 0 && second === 0)) return 'utf-32';
  return first === 0 ? 'utf-16be' : 'utf-16le';
}

function isZero(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1] === 0;
}

/** Nearly all charsets share these; UTF-7 writes other characters with them. */
function asciiOf(bytes: Uint8Array, charset: string): string | null {
  if (/utf-?(?:7|32)/.test(charset)) return null;
  const isText = bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
  return isText ? UTF_8.decode(bytes) : null;
}
