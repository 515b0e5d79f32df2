import type { Clock } from '../clock/clock.ts';
import { steadyClock } from '../clock/steady-clock.ts';

export type StopReason = 'deadline' | 'signal' | 'limit' | 'requests';

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
 * When to stop reading: a deadline, a signal, or a bound on changes or requests.
 *
 *     start ─────── reading and sending ───────┬── requests end, progress is saved ──┐
 *                                          soft stop                             deadline
 */
export class DrainStop {
  /** For requests under way once reading has ended; then they are given up. */
  readonly marginMs: number;
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #signal: AbortSignal | null;
  readonly #softAt: number;
  readonly #deliveringMs: number;
  readonly #waiting = new Set<() => void>();
  #timer = new AbortController();
  #firstNewEventAt = Infinity;
  #windowRead = false;
  #reason: StopReason | null = null;

  constructor({ clock, deadlineMs, signal }: StopOptions) {
    const time = deadlineMs ?? Infinity;
    this.#clock = clock;
    this.#now = steadyClock(clock);
    this.#signal = signal;
    this.marginMs =
      deadlineMs === null ? SIGNAL_MARGIN_MS : Math.min(MAX_MARGIN_MS, time * MARGIN_SHARE);
    this.#softAt = this.#now() + time - this.marginMs;
    this.#deliveringMs = Math.min(MAX_DELIVERING_MS, time * DELIVERING_SHARE);
    signal?.addEventListener('abort', this.wake);
  }

  get reason(): StopReason | null {
    return this.#reason;
  }

  get timeLeftMs(): number {
    return this.#softAt - this.#now();
  }

  /** An event came that no earlier drain settled. */
  gotNewEvent(): void {
    if (this.#firstNewEventAt !== Infinity) return;
    this.#firstNewEventAt = this.#now();
    this.#setTimer();
  }

  gotWindow(): void {
    if (this.#windowRead) return;
    this.#windowRead = true;
    this.#setTimer();
  }

  reachedLimit(): void {
    this.#reason ??= 'limit';
  }

  /** Nothing can be sent any more: what is under way ends, as at a deadline. */
  ranOutOfRequests(): void {
    this.#reason ??= 'requests';
    this.wake();
  }

  isDue(): boolean {
    if (this.#signal?.aborted) this.#reason ??= 'signal';
    else if (this.#now() >= this.#dueAt()) this.#reason ??= 'deadline';
    return this.#reason !== null;
  }

  /**
   * The promise's value, or null when it is time to stop, or `isOver`, before that. Rejects as the
   * promise does. Whoever changes what `isOver` says has to `wake`.
   */
  unlessDue<T>(promise: Promise<T>, isOver: () => boolean): Promise<{ readonly value: T } | null> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.isDue() && !isOver()) return;
        this.#waiting.delete(look);
        resolve(null);
      };
      this.#waiting.add(look);
      look();
      promise.then(
        (value) => {
          this.#waiting.delete(look);
          resolve({ value });
        },
        (error: unknown) => {
          this.#waiting.delete(look);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  /** Lets everybody who waits look again. */
  readonly wake = (): void => {
    for (const look of this.#waiting) look();
  };

  dispose(): void {
    this.#timer.abort();
    this.#signal?.removeEventListener('abort', this.wake);
  }

  /** Not before something was got done: each drain has to get on, or none ever would. */
  #dueAt(): number {
    if (this.#windowRead) return this.#softAt;
    return Math.max(this.#softAt, this.#firstNewEventAt + this.#deliveringMs);
  }

  #setTimer(): void {
    this.#timer.abort();
    const waitMs = this.#dueAt() - this.#now();
    if (waitMs === Infinity) return;
    const timer = new AbortController();
    this.#timer = timer;
    void this.#clock.sleep(Math.max(0, waitMs), timer.signal).then(() => {
      if (!timer.signal.aborted) this.wake();
    });
  }
}
