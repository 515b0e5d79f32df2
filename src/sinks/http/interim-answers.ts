const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
const ONE = 0x31;
const THREE = 0x33;

/** Where `HTTP/1.1 100` has its three digits. */
const FIRST_DIGIT = 9;

/**
 * A proxy may say `100 Continue` though nobody asked for it, which a client has to pass over like any
 * other interim answer. undici's parser breaks the connection there instead, but passes over a 103.
 * So a 100 becomes a 103 in the bytes before the parser sees them.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.2
 */
export class InterimAnswers {
  #isOver = true;
  /** Bytes of the status line that have passed. */
  #passed = 0;
  #isTen = false;
  /** Bytes of the line behind the status, which may be the empty one that ends the head. */
  #lineBytes = 0;

  /** A request goes out: what comes next is an answer from its beginning. */
  begin(): void {
    this.#isOver = false;
    this.#passed = 0;
  }

  /** Bytes as they came, however they are cut; changed in place. */
  pass(chunk: Uint8Array): void {
    for (let at = 0; !this.#isOver && at < chunk.length; at++) this.#look(chunk, at);
  }

  #look(chunk: Uint8Array, at: number): void {
    const byte = chunk[at]!;
    if (this.#passed > FIRST_DIGIT + 2) return this.#lookForEnd(byte);
    // Parsers forgive an empty line before an answer.
    if (this.#passed === 0 && (byte === CR || byte === LF)) return;
    if (this.#passed === FIRST_DIGIT) this.#isOver = byte !== ONE;
    if (this.#passed === FIRST_DIGIT + 1) this.#isTen = byte === ZERO;
    if (this.#passed === FIRST_DIGIT + 2) {
      if (this.#isTen && byte === ZERO) chunk[at] = THREE;
      // A status without a reason still stands in a line that is not empty.
      this.#lineBytes = 1;
    }
    this.#passed += 1;
  }

  #lookForEnd(byte: number): void {
    if (byte === CR) return;
    if (byte !== LF) this.#lineBytes += 1;
    else if (this.#lineBytes > 0) this.#lineBytes = 0;
    else this.#passed = 0;
  }
}
