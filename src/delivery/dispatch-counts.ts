import type { Outcome } from './sink.ts';
import {
  EMPTY_TALLY,
  eventIndex,
  type Fate,
  latencyIndex,
  type Operation,
  outcomeIndex,
  type Tally,
} from './tally.ts';

/** What became of an endpoint's events and attempts in a round. */
export class DispatchCounts {
  delivered = 0;
  filtered = 0;
  parked = 0;
  deadLettered = 0;
  failedAttempts = 0;
  readonly #events = [...EMPTY_TALLY.events];
  readonly #attempts = [...EMPTY_TALLY.attempts];
  readonly #latencies = [...EMPTY_TALLY.latencies];
  #attemptMs = 0;

  event(operation: Operation, fate: Fate, events = 1): void {
    this[fate] += events;
    this.#events[eventIndex(operation, fate)]! += events;
  }

  attempt(outcome: Outcome['kind'], ms: number): void {
    if (outcome !== 'delivered') this.failedAttempts += 1;
    this.#attempts[outcomeIndex(outcome)]! += 1;
    this.#latencies[latencyIndex(ms)]! += 1;
    this.#attemptMs += ms;
  }

  /** As they are now: they go on counting. */
  snapshot(): CountsSnapshot {
    const { delivered, filtered, parked, deadLettered, failedAttempts } = this;
    const tally = {
      events: [...this.#events],
      attempts: [...this.#attempts],
      latencies: [...this.#latencies],
      attemptMs: this.#attemptMs,
    };
    return { delivered, filtered, parked, deadLettered, failedAttempts, tally };
  }
}

export type CountsSnapshot = Readonly<Record<Fate | 'failedAttempts', number>> & {
  readonly tally: Tally;
};

/** What was counted in between. */
export function countsSince(now: CountsSnapshot, before: CountsSnapshot): CountsSnapshot {
  return {
    delivered: now.delivered - before.delivered,
    filtered: now.filtered - before.filtered,
    parked: now.parked - before.parked,
    deadLettered: now.deadLettered - before.deadLettered,
    failedAttempts: now.failedAttempts - before.failedAttempts,
    tally: {
      events: differences(now.tally.events, before.tally.events),
      attempts: differences(now.tally.attempts, before.tally.attempts),
      latencies: differences(now.tally.latencies, before.tally.latencies),
      attemptMs: now.tally.attemptMs - before.tally.attemptMs,
    },
  };
}

export const NOTHING_COUNTED: CountsSnapshot = new DispatchCounts().snapshot();

function differences(now: readonly number[], before: readonly number[]): number[] {
  return now.map((value, index) => value - before[index]!);
}
