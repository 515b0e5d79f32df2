/**
 * How many requests may leave in one run of a function, where the platform counts them: what leaves
 * after the last is an error there, in the middle of whatever was under way.
 *
 *     promised to attempts ──► spent, one as each request leaves
 */
export class RequestAllowance {
  #left: number;
  #promised = 0;

  constructor(limit: number) {
    this.#left = limit;
  }

  /** Keeps a request for an attempt that is about to begin; false where all are spent or promised. */
  promise(): boolean {
    if (this.#promised >= this.#left) return false;
    this.#promised += 1;
    return true;
  }

  /** A request wants to leave; false where it must not. An attempt may need more than it was promised. */
  spend(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    this.#promised = Math.max(0, this.#promised - 1);
    return true;
  }

  /** For what comes after the drain. */
  add(requests: number): void {
    this.#left += requests;
  }
}
