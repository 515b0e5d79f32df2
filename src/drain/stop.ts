import type { Clock } from '../clock/clock.ts';

export type StopReason = 'deadline' | 'signal' | 'limit';

export type StopOptions = {
  readonly clock: Clock;
  /** From now; null for none. */
  readonly deadlineMs: number | null;
  /** Asks the drain to end as soon as it can, with everything recorded. */
  readonly signal: AbortSignal | null;
};

/** The part of a deadline that is kept for requests under way, the checkpoint and the advance. */
const MARGIN_SHARE = 0.2;
const MAX_MARGIN_MS = 2_000;
/** The same without a deadline, after a signal: within the grace that a supervisor usually gives. */
const SIGNAL_MARGIN_MS = 8_000;
/** A drain whose first window took all its time still delivers for this long, or would never get on. */
const DELIVERING_SHARE = 0.5;
const MAX_DELIVERING_MS = 5_000;

/**
 * When to stop reading: a deadline, a signal, or a bound on changes.
 *
 *     start ─────── reading and sending ───────┬── requests end, progress is saved ──┐
 *                                          soft stop                             deadline
 */
export class DrainStop {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | null;
  readonly #softAt: number;
  readonly #deliveringMs: number;
  #firstNewEventAt = Infinity;
  #windowRead = false;
  #reason: StopReason | null = null;
  /** For requests under way once reading has ended; then they are given up. */
  readonly marginMs: number;

  constructor({ clock, deadlineMs, signal }: StopOptions) {
    const time = deadlineMs ?? Infinity;
    this.#clock = clock;
    this.#signal = signal;
    this.marginMs =
      deadlineMs === null ? SIGNAL_MARGIN_MS : Math.min(MAX_MARGIN_MS, time * MARGIN_SHARE);
    this.#softAt = clock.now() + time - this.marginMs;
    this.#deliveringMs = Math.min(MAX_DELIVERING_MS, time * DELIVERING_SHARE);
  }

  get reason(): StopReason | null {
    return this.#reason;
  }

  get timeLeftMs(): number {
    return this.#softAt - this.#clock.now();
  }

  /** An event came that no earlier drain settled. */
  gotNewEvent(): void {
    if (this.#firstNewEventAt === Infinity) this.#firstNewEventAt = this.#clock.now();
  }

  gotWindow(): void {
    this.#windowRead = true;
  }

  reachedLimit(): void {
    this.#reason ??= 'limit';
  }

  isDue(): boolean {
    if (this.#signal?.aborted) this.#reason ??= 'signal';
    else if (this.#clock.now() >= this.#dueAt()) this.#reason ??= 'deadline';
    return this.#reason !== null;
  }

  /**
   * The promise's value, or null when it is time to stop, or `over` aborts, before that. Rejects as
   * the promise does.
   */
  async unlessDue<T>(
    promise: Promise<T>,
    over: AbortSignal,
  ): Promise<{ readonly value: T } | null> {
    const waited = new AbortController();
    const onSignal = (): void => waited.abort();
    this.#signal?.addEventListener('abort', onSignal);
    over.addEventListener('abort', onSignal);
    const settled = promise.then((value) => ({ value }));
    try {
      while (!this.isDue() && !over.aborted) {
        const waitMs = Math.min(this.#dueAt() - this.#clock.now(), 0x7fffffff);
        const due = this.#clock.sleep(waitMs, waited.signal).then(() => null);
        const first = await Promise.race([settled, due]);
        if (first !== null) return first;
      }
      return null;
    } finally {
      waited.abort();
      this.#signal?.removeEventListener('abort', onSignal);
      over.removeEventListener('abort', onSignal);
    }
  }

  /** Not before something was got done: each drain has to get on, or none ever would. */
  #dueAt(): number {
    if (this.#windowRead) return this.#softAt;
    return Math.max(this.#softAt, this.#firstNewEventAt + this.#deliveringMs);
  }
}
