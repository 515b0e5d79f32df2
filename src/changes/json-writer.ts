/** Below a few dozen bytes a loop beats the call, and the view, that `set` costs. */
const SHORT_BYTES = 48;

/**
 * A growing byte buffer that JSON text is written into. Hot writers take `bytes` and `length` into
 * locals after `reserve`, and put `length` back: a call per byte would be the whole cost.
 */
export class JsonWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. `bytes` may be another array afterwards. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Copies source[start, end) as it is. */
  copy(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const bytes = this.bytes;
    let at = this.length;
    if (count <= SHORT_BYTES) {
      let i = start;
      for (const last = end - 4; i <= last; i += 4) {
        bytes[at] = source[i]!;
        bytes[at + 1] = source[i + 1]!;
        bytes[at + 2] = source[i + 2]!;
        bytes[at + 3] = source[i + 3]!;
        at += 4;
      }
      while (i < end) bytes[at++] = source[i++]!;
    } else {
      bytes.set(source.subarray(start, end), at);
      at += count;
    }
    this.length = at;
  }

  put(source: Uint8Array): void {
    const count = source.length;
    this.reserve(count);
    if (count <= SHORT_BYTES) {
      const bytes = this.bytes;
      let at = this.length;
      for (let i = 0; i < count; i++) bytes[at++] = source[i]!;
    } else {
      this.bytes.set(source, this.length);
    }
    this.length += count;
  }

  /** Text whose characters are all ASCII and need no escape. */
  ascii(text: string): void {
    this.reserve(text.length);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** The written bytes: a view, valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  text(): string {
    return new TextDecoder().decode(this.written());
  }

  clear(): void {
    this.length = 0;
  }
}
