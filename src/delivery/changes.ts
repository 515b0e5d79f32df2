/** Tells of settlements, holds and failures at any endpoint, once each, to what waits for the next. */
export class Changes {
  readonly #onEach: (() => void)[] = [];
  #waiting: (() => void)[] = [];

  /** Calls `listener` at every change from now on. */
  onEach(listener: () => void): void {
    this.#onEach.push(listener);
  }

  /** Resolves at the next change. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    for (const listener of this.#onEach) listener();
  }
}
