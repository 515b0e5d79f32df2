import type { WritableEvent } from '../formats/event-format.ts';
import type { Outcome } from './sink.ts';

// The state tables keep sums in the order of these lists: what is new goes to the end, and another
// bound needs a migration that forgets what was counted by the old ones.

export const OPERATIONS = [
  'insert',
  'update',
  'delete',
  'truncate',
  'message',
] as const satisfies readonly WritableEvent['op'][];

/** What became of an event. What is parked has another fate later, and counts there again. */
export const FATES = ['delivered', 'filtered', 'parked', 'deadLettered'] as const;

export const ATTEMPT_OUTCOMES = [
  'delivered',
  'partial',
  'unavailable',
  'misconfigured',
  'rejected',
  'too_large',
  'gone',
] as const satisfies readonly Outcome['kind'][];

/** Upper bounds, from a receiver nearby to the longest time-out that is usual. */
export const LATENCY_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const;

export type Operation = (typeof OPERATIONS)[number];
export type Fate = (typeof FATES)[number];

/** What became of an endpoint's events by operation, and of its attempts by outcome and by time. */
export type Tally = {
  /** The fates of the first operation, then those of the next. */
  readonly events: readonly number[];
  /** By outcome. */
  readonly attempts: readonly number[];
  /** Attempts by the first bound that they kept within; the last: by none. */
  readonly latencies: readonly number[];
  /** Milliseconds that attempts took together. */
  readonly attemptMs: number;
};

export const EMPTY_TALLY: Tally = {
  events: zeros(OPERATIONS.length * FATES.length),
  attempts: zeros(ATTEMPT_OUTCOMES.length),
  latencies: zeros(LATENCY_BOUNDS_MS.length + 1),
  attemptMs: 0,
};

/** Where the events of an operation that had this fate are counted in `Tally.events`. */
export function eventIndex(operation: Operation, fate: Fate): number {
  return OPERATION_INDEX[operation] * FATES.length + FATE_INDEX[fate];
}

export function outcomeIndex(outcome: Outcome['kind']): number {
  return OUTCOME_INDEX[outcome];
}

export function latencyIndex(ms: number): number {
  const within = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
  return within === -1 ? LATENCY_BOUNDS_MS.length : within;
}

const OPERATION_INDEX = indexes(OPERATIONS);
const FATE_INDEX = indexes(FATES);
const OUTCOME_INDEX = indexes(ATTEMPT_OUTCOMES);

function indexes<T extends string>(names: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<T, number>;
}

function zeros(length: number): readonly number[] {
  return Array.from({ length }, () => 0);
}
