const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What one huge element needs is not kept for the writer's life. */
const MAX_KEPT_BYTES = 65_536;

/**
 * The text inside the quotes of an array element or a composite field, without its escapes: `\x` is
 * x, and `""` is one quote (composites double it; in an array it cannot occur).
 * One reader belongs to one compiled writer: its fields hold until that writer's next `read`.
 * @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 * @see https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
 */
export class QuotedText {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** First byte after the closing quote. */
  next = 0;
  #scratch: Uint8Array = new Uint8Array(64);

  /** `open` is the opening quote. False where no closing one follows before `limit`. */
  read(source: Uint8Array, open: number, limit: number): boolean {
    let escapes = 0;
    let i = open + 1;
    for (; i < limit; i++) {
      const byte = source[i]!;
      if (byte === BACKSLASH) {
        escapes++;
        i++;
      } else if (byte === QUOTE) {
        if (i + 1 >= limit || source[i + 1] !== QUOTE) break;
        escapes++;
        i++;
      }
    }
    if (i >= limit) return false;
    this.next = i + 1;
    if (escapes > 0) {
      this.#unescape(source, open + 1, i, escapes);
    } else {
      this.bytes = source;
      this.start = open + 1;
      this.end = i;
    }
    return true;
  }

  #unescape(source: Uint8Array, start: number, end: number, escapes: number): void {
    const length = end - start - escapes;
    const bytes = this.#room(length);
    let at = 0;
    for (let i = start; i < end; i++) {
      let byte = source[i]!;
      if (byte === BACKSLASH || byte === QUOTE) byte = source[++i]!;
      bytes[at++] = byte;
    }
    this.bytes = bytes;
    this.start = 0;
    this.end = at;
  }

  #room(length: number): Uint8Array {
    if (length > MAX_KEPT_BYTES) return new Uint8Array(length);
    if (length > this.#scratch.length) {
      this.#scratch = new Uint8Array(Math.min(MAX_KEPT_BYTES, length * 2));
    }
    return this.#scratch;
  }
}
