import type { Clock } from '../clock/clock.ts';
import { steadyClock } from '../clock/steady-clock.ts';
import type { EndpointDispatch } from './endpoint-dispatch.ts';

/** Others may wait for a slow endpoint for this long in all, or this share of the round. */
const PATIENCE_MS = 250;
const PATIENCE_SHARE = 0.05;

/**
 * How long the endpoints wait for the slowest of them. While reading stops because some endpoints are
 * full and another has nothing left to do, that time counts against those that are full; one that
 * used up the others' patience is left behind.
 */
export class Patience {
  readonly #endpoints: readonly EndpointDispatch[];
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #waitedForMs = new Map<EndpointDispatch, number>();

  constructor(endpoints: readonly EndpointDispatch[], clock: Clock) {
    // For one that has everything already nobody has to hurry.
    this.#endpoints = endpoints.filter(({ isThrough }) => !isThrough);
    this.#clock = clock;
    this.#now = steadyClock(clock);
    this.#startedAt = this.#now();
  }

  /** Resolves with `change`, or when patience is over. */
  async wait(change: Promise<void>): Promise<void> {
    const taking = this.#endpoints.filter((endpoint) => !endpoint.takesNothing);
    const full = taking.filter((endpoint) => endpoint.isFull);
    if (!taking.some((endpoint) => endpoint.isIdle)) return change;
    const waitedFrom = this.#now();
    const given = new AbortController();
    const leftMs = Math.min(...full.map((endpoint) => this.#leftMs(endpoint)));
    await Promise.race([change, this.#clock.sleep(Math.max(0, leftMs), given.signal)]);
    given.abort();
    const waitedMs = this.#now() - waitedFrom;
    for (const endpoint of full) {
      this.#waitedForMs.set(endpoint, (this.#waitedForMs.get(endpoint) ?? 0) + waitedMs);
      if (this.#leftMs(endpoint) <= 0) endpoint.leaveBehind();
    }
  }

  #leftMs(endpoint: EndpointDispatch): number {
    const elapsedMs = this.#now() - this.#startedAt;
    const allowedMs = Math.max(PATIENCE_MS, elapsedMs * PATIENCE_SHARE);
    return allowedMs - (this.#waitedForMs.get(endpoint) ?? 0);
  }
}
