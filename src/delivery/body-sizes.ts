/** What sizes of body an endpoint took and refused, in bytes, as far as one drain has seen. */
export class BodySizes {
  #largestAccepted = 0;
  #smallestRefused = Number.POSITIVE_INFINITY;

  accepted(bytes: number): void {
    this.#largestAccepted = Math.max(this.#largestAccepted, bytes);
    // It was not for its size, or the limit was raised.
    if (bytes >= this.#smallestRefused) this.#smallestRefused = Number.POSITIVE_INFINITY;
  }

  refused(bytes: number): void {
    if (bytes > this.#largestAccepted) {
      this.#smallestRefused = Math.min(this.#smallestRefused, bytes);
    }
  }

  /** Whether any was refused for its size. */
  get isLimited(): boolean {
    return this.#smallestRefused !== Number.POSITIVE_INFINITY;
  }

  /** Asking would be for nothing. */
  isTooLarge(bytes: number): boolean {
    return bytes >= this.#smallestRefused;
  }
}
