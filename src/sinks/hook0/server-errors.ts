import type { Clock } from '../../clock/clock.ts';

/** So long the server is known to stumble by chance, once an event that failed was taken after all. */
const BY_CHANCE_MS = 10 * 60_000;

type Failing = {
  /** Failures with another event accepted in between; a burst of them is one. */
  times: number;
  acceptedBefore: number;
};

/**
 * Which events the server stumbles over. What its database refuses in a way that it did not foresee is
 * answered with 500, as an outage is; tried for ever, such an event would stand before all others. One
 * that fails time after time, and others are taken before and behind each time, is taken for refused;
 * unless the server fails by chance, as where one of two instances is broken: then others fail too, and
 * are taken at a later try.
 */
export class ServerErrors {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #failing = new Map<string, Failing>();
  #accepted = 0;
  #byChanceUntil = Number.NEGATIVE_INFINITY;

  /** `limit`: as many failures as a drain makes attempts. */
  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  accepted(id: string): void {
    this.#accepted += 1;
    if (this.#failing.delete(id)) this.#byChanceUntil = this.#clock.now() + BY_CHANCE_MS;
  }

  /** Whether it is the event, and not the server. */
  failed(id: string): boolean {
    const failing = this.#failing.get(id) ?? { times: 0, acceptedBefore: -1 };
    if (this.#accepted > failing.acceptedBefore) failing.times += 1;
    failing.acceptedBefore = this.#accepted;
    this.#failing.set(id, failing);
    if (failing.times < this.#limit || failing.times < 2 || this.#failsByChance(id)) return false;
    this.#failing.delete(id);
    return true;
  }

  /** Another one that failed for the first time may yet be taken. */
  #failsByChance(id: string): boolean {
    if (this.#clock.now() < this.#byChanceUntil) return true;
    return [...this.#failing].some(([other, { times }]) => other !== id && times < 2);
  }
}
