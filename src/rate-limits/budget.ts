export type RateLimitOptions = {
  /** So many requests an interval, at the most. */
  readonly requests?: number | undefined;
  /** So many events an interval, at the most. */
  readonly events?: number | undefined;
  /** The interval, in milliseconds. */
  readonly perMs: number;
};

/**
 * Requests and events an interval as one number, so that one limiter holds both at once: a request
 * weighs what it takes of the scarcer of the two. A request with more events than an interval allows
 * takes the whole interval.
 */
export type Budget = {
  readonly capacity: number;
  weigh(events: number): number;
};

export function budgetOf({ requests, events }: RateLimitOptions): Budget {
  const perRequest = requests === undefined ? 0 : (events ?? 1);
  const perEvent = events === undefined ? 0 : (requests ?? 1);
  const capacity = (requests ?? 1) * (events ?? 1);
  return {
    capacity,
    weigh: (count) => Math.min(capacity, Math.max(perRequest, perEvent * count)),
  };
}
