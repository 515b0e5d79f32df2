import type { Clock } from '../../src/clock/clock.ts';

/** Time that passes only by waiting, and then at once. */
export class InstantClock implements Clock {
  readonly sleeps: number[] = [];
  #now = Date.UTC(2026, 0, 31, 12);

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    this.sleeps.push(ms);
    this.#now += ms;
    return Promise.resolve();
  }
}
