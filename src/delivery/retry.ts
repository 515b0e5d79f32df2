export type RetryPolicy = {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
};

/**
 * Milliseconds to wait after the given failed attempt (from 1): the longer of what the endpoint asked
 * for and an exponential backoff, which has full jitter so that many clients of one endpoint do not
 * return at once. An endpoint that asks for no wait at all is still given time to recover.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  failedAttempt: number,
  retryAfterMs: number | null,
  random: () => number = Math.random,
): number {
  // Failures are counted over drains: 2 to the power of all of them would be infinite.
  const doublings = Math.min(failedAttempt - 1, 64);
  const ceiling = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** doublings);
  return Math.max(retryAfterMs ?? 0, Math.round(random() * ceiling));
}

export type AfterFailure =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'hold'; readonly because: string };

/** Whether the same delivery is tried again in this drain, after the given failed attempt (from 1). */
export function afterFailure(
  policy: RetryPolicy,
  failedAttempt: number,
  retryAfterMs: number | null,
): AfterFailure {
  const delayMs = retryDelayMs(policy, failedAttempt, retryAfterMs);
  // Asked to stay away longer than this drain should wait: a later one tries again.
  if (delayMs > policy.maxDelayMs) {
    return { kind: 'hold', because: `asked to wait ${Math.ceil(delayMs / 1000)} s` };
  }
  if (failedAttempt >= policy.attempts) {
    const tries = failedAttempt === 1 ? 'attempt' : 'attempts';
    return { kind: 'hold', because: `after ${failedAttempt} ${tries}` };
  }
  return { kind: 'retry', delayMs };
}
