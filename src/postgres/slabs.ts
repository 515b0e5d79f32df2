const SLAB_BYTES = 256 << 10;

/** Memory that incoming bytes are gathered in, and that is used again once they have been read. */
export class Slabs {
  readonly #free: Uint8Array[] = [];
  #current: Uint8Array | null = null;
  #filled = 0;

  /** Copies source[0, end); slabs that are full by that are added to `full`. */
  fill(source: Uint8Array, end: number, full: Uint8Array[]): void {
    for (let at = 0; at < end;) {
      this.#current ??= this.#free.pop() ?? new Uint8Array(SLAB_BYTES);
      const count = Math.min(SLAB_BYTES - this.#filled, end - at);
      this.#current.set(source.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === SLAB_BYTES) full.push(this.takeFilled()!);
    }
  }

  /** What was gathered since the last full slab. */
  takeFilled(): Uint8Array | undefined {
    const slab = this.#current;
    if (slab === null) return undefined;
    this.#current = null;
    const filled = slab.subarray(0, this.#filled);
    this.#filled = 0;
    return filled;
  }

  release(filled: Uint8Array): void {
    this.#free.push(new Uint8Array(filled.buffer));
  }
}
