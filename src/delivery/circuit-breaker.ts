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
};

export const HEALTHY: EndpointHealth = {
  breaker: 'closed',
  consecutiveFailures: 0,
  downSince: null,
  nextAttemptAt: null,
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
  retryAfterMs: number | null,
  now: number,
): EndpointHealth {
  const consecutiveFailures = health.consecutiveFailures + 1;
  const open = health.breaker === 'open' || consecutiveFailures >= policy.failures;
  const waitMs = Math.max(open ? policy.resetMs : 0, retryAfterMs ?? 0);
  return {
    breaker: open ? 'open' : 'closed',
    consecutiveFailures,
    downSince: health.downSince ?? now,
    nextAttemptAt: waitMs === 0 ? null : now + waitMs,
  };
}

export type Permission = 'any' | 'one' | 'none';

/** How many attempts may be under way: any number, one to probe, or none yet. */
export function permission(health: EndpointHealth, now: number): Permission {
  if (health.nextAttemptAt !== null && now < health.nextAttemptAt) return 'none';
  return health.breaker === 'open' ? 'one' : 'any';
}
