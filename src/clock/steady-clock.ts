import type { Clock } from './clock.ts';

/**
 * Milliseconds that never go back, for what lasts a while within a process: a clock that is set back
 * goes on from where it was. Only differences mean anything.
 */
export function steadyClock(clock: Pick<Clock, 'now'>): () => number {
  let last = clock.now();
  let lost = 0;
  return () => {
    const current = clock.now();
    if (current < last) lost += last - current;
    last = current;
    return current + lost;
  };
}

/** Milliseconds that have gone by since the call. */
export function sinceNow(clock: Pick<Clock, 'now'>): () => number {
  const now = steadyClock(clock);
  const startedAt = now();
  return () => now() - startedAt;
}
