export type RetryPolicy = {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
};

/**
 * Milliseconds to wait after the given failed attempt (from 1): what the endpoint asked for, else an
 * exponential backoff with full jitter, so that many clients of one endpoint do not return at once.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  failedAttempt: number,
  retryAfterMs: number | null,
  random: () => number = Math.random,
): number {
  if (retryAfterMs !== null) return retryAfterMs;
  const ceiling = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** (failedAttempt - 1));
  return Math.round(random() * ceiling);
}
