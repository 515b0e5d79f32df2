/**
 * Whether an endpoint is worth an attempt, over processes and drains:
 *
 *              `failures` in a row                     its time has come
 *     closed ───────────────────────► open (waits) ──────────────────────► half-open
 *        ▲                              ▲   ▲                                │   │
 *        │                              │   └──────────── failure ───────────┘   │
 *        └──────────────────────────────┼──────────────── success ───────────────┘
 *                                       └── asked to wait (Retry-After)
 *
 * Half-open is not stored: it is an open breaker whose time has come, and it lets one attempt through
 * at a time.
 */
export type EndpointHealth = {
  readonly breaker: 'closed' | 'open';
  readonly consecutiveFailures: number;
  /** Milliseconds since the epoch; null while the last attempt succeeded. */
  readonly downSince: number | null;
  /** Milliseconds since the epoch; null: at once. */
  readonly nextAttemptAt: number | null;
  /** What the last attempt that failed came to; null while the last attempt succeeded. */
  readonly lastFailure: FailureKind | null;
  /** Outlives successes, and the event itself. */
  readonly stuck: Stuck | null;
};

/** The last event that failed in a way that may be its own fault, or an outage; and how often. */
export type Stuck = { readonly eventId: string; readonly times: number };

/**
 * An event that fails so often, over any number of drains, is taken for the fault, or it would stand
 * before all others for ever. An open breaker spreads these over minutes: an outage costs few events.
 */
export const STUCK_TIMES = 10;

/** The outcomes that speak of the endpoint and not of the events: see sink.ts. */
export const failureKinds = ['unavailable', 'misconfigured'] as const;
export type FailureKind = (typeof failureKinds)[number];

export const HEALTHY: EndpointHealth = {
  breaker: 'closed',
  consecutiveFailures: 0,
  downSince: null,
  nextAttemptAt: null,
  stuck: null,
  lastFailure: null,
};

export type BreakerPolicy = {
  /** Failed attempts in a row that open it. */
  readonly failures: number;
  /** How long it stays open before one attempt is let through. */
  readonly resetMs: number;
};

/** `retryAfterMs`: what the endpoint asked for, which is waited for with a closed breaker too. */
export function afterFailedAttempt(
  health: EndpointHealth,
  policy: BreakerPolicy,
  lastFailure: FailureKind,
  retryAfterMs: number | null,
  now: number,
): EndpointHealth {
  const consecutiveFailures = health.consecutiveFailures + 1;
  const open = health.breaker === 'open' || consecutiveFailures >= policy.failures;
  const waitMs = Math.max(open ? policy.resetMs : 0, retryAfterMs ?? 0);
  return {
    breaker: open ? 'open' : 'closed',
    consecutiveFailures,
    // One that lies ahead was written by a clock that has been set back since.
    downSince: Math.min(health.downSince ?? now, now),
    nextAttemptAt: waitMs === 0 ? null : now + waitMs,
    stuck: health.stuck,
    lastFailure,
  };
}

/**
 * No breaker stays open for longer than a day, and no endpoint is heeded for longer: what is further
 * ahead was written by a clock that was wrong.
 */
const FURTHEST_AHEAD_MS = 2 * 86_400_000;

export type Permission = 'any' | 'one' | 'none';

/** How many attempts may be under way: any number, one to probe, or none yet. */
export function permission(health: EndpointHealth, now: number): Permission {
  const waitMs = (health.nextAttemptAt ?? now) - now;
  if (waitMs > 0 && waitMs <= FURTHEST_AHEAD_MS) return 'none';
  return health.breaker === 'open' ? 'one' : 'any';
}
