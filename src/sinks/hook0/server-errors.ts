/**
 * Which events the server stumbles over. What its database refuses in a way that it did not foresee is
 * answered with 500, as an outage is; tried for ever, such an event would stand before all others. One
 * that fails so time after time, while others pass, is taken for refused.
 */
export class ServerErrors {
  readonly #limit: number;
  readonly #failing = new Map<string, { times: number; readonly acceptedBefore: number }>();
  #accepted = 0;

  /** `limit`: as many failures as a drain makes attempts. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  accepted(id: string): void {
    this.#accepted += 1;
    this.#failing.delete(id);
  }

  /** Whether it is the event, and not the server. */
  failed(id: string): boolean {
    const failing = this.#failing.get(id) ?? { times: 0, acceptedBefore: this.#accepted };
    failing.times += 1;
    this.#failing.set(id, failing);
    return failing.times >= this.#limit && this.#accepted > failing.acceptedBefore;
  }
}
