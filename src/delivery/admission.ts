import type { Clock } from '../clock/clock.ts';
import {
  afterFailedAttempt,
  type BreakerPolicy,
  type EndpointHealth,
  type FailureKind,
  HEALTHY,
  permission,
  STUCK_TIMES,
} from './circuit-breaker.ts';
import type { RateLimit } from './rate-limit.ts';
import { retryDelayMs, type RetryPolicy } from './retry.ts';

export type AdmissionOptions = {
  readonly health: EndpointHealth;
  readonly breaker: BreakerPolicy;
  readonly retry: RetryPolicy;
  readonly limit: RateLimit;
  readonly clock: Clock;
  /** Aborts when no further attempt may begin. */
  readonly stop: AbortSignal;
  /** Asked before each attempt; false: none may begin any more, at whatever endpoint. */
  readonly mayAttempt?: (() => boolean) | undefined;
  /** Nothing more will be let through in this drain. */
  readonly onHold: (reason: string) => void;
};

/**
 * Lets attempts through to one endpoint, for all its lanes together: the breaker first, then the rate
 * limit. Each attempt that was let through is told of once, by `succeeded`, `failed` or `abandoned`.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  #health: EndpointHealth;
  #probing = false;
  #waiting: (() => void)[] = [];

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#health = options.health;
  }

  get health(): EndpointHealth {
    return this.#health;
  }

  get isOpen(): boolean {
    return this.#health.breaker === 'open';
  }

  /** False: no attempt any more. */
  async enter(eventCount: number): Promise<boolean> {
    const { stop, limit, mayAttempt } = this.#options;
    while (!stop.aborted) {
      if (!(await this.#permitted())) continue;
      if (!(await limit.acquire(eventCount, stop))) break;
      // While it waited for its turn, another attempt may have failed.
      if (!this.#takeTurn()) continue;
      if (mayAttempt?.() ?? true) return true;
      this.#leave();
      break;
    }
    return false;
  }

  /** For a request that belongs to an attempt that was let through, and yet counts. */
  readonly turn = (signal: AbortSignal): Promise<boolean> => this.#options.limit.acquire(1, signal);

  /** `pauseMs`: what the endpoint asked for, though it took what it got. */
  succeeded(pauseMs: number | null): void {
    const { clock, limit, retry } = this.#options;
    const isLong = pauseMs !== null && pauseMs > retry.maxDelayMs;
    const { stuck } = this.#health;
    const healthy = stuck === null ? HEALTHY : { ...HEALTHY, stuck };
    this.#health = isLong ? { ...healthy, nextAttemptAt: clock.now() + pauseMs } : healthy;
    // A long pause is the breaker's to keep: an attempt that waits for its turn could not be held.
    if (pauseMs !== null && !isLong) limit.pause(pauseMs);
    this.#leave();
  }

  failed(kind: FailureKind, retryAfterMs: number | null): void {
    const { breaker, clock, limit, retry } = this.#options;
    this.#health = afterFailedAttempt(this.#health, breaker, kind, retryAfterMs, clock.now());
    if (retryAfterMs !== null && retryAfterMs <= retry.maxDelayMs) limit.pause(retryAfterMs);
    this.#leave();
  }

  /** Notes that it may be the event that fails; true once that happened too often to be chance. */
  isStuckOn(eventId: string): boolean {
    const { stuck } = this.#health;
    const times = stuck?.eventId === eventId ? stuck.times + 1 : 1;
    this.#health = { ...this.#health, stuck: { eventId, times } };
    return times >= STUCK_TIMES;
  }

  /** It was given up, and says nothing of the endpoint. */
  abandoned(): void {
    this.#leave();
  }

  /** The attempts of this drain are used up: the next drains wait as a further retry would. */
  exhausted(): void {
    const { retry, clock } = this.#options;
    const { consecutiveFailures, nextAttemptAt } = this.#health;
    if (nextAttemptAt !== null) return;
    const waitMs = retryDelayMs(retry, Math.max(1, consecutiveFailures), null);
    this.#health = { ...this.#health, nextAttemptAt: clock.now() + waitMs };
  }

  /** Waits while somebody probes, or for the short time that the endpoint asked for. */
  async #permitted(): Promise<boolean> {
    const { clock, stop, retry, onHold } = this.#options;
    const allowed = permission(this.#health, clock.now());
    if (allowed === 'any') return true;
    if (allowed === 'one') {
      if (!this.#probing) return true;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        stop.addEventListener('abort', () => resolve(), { once: true });
      });
      return false;
    }
    const waitMs = this.#health.nextAttemptAt! - clock.now();
    if (this.#health.breaker === 'open') onHold(`no attempt before ${this.#nextAttempt()}`);
    else if (waitMs > retry.maxDelayMs) onHold(`asked to wait until ${this.#nextAttempt()}`);
    else await clock.sleep(waitMs, stop);
    return false;
  }

  #nextAttempt(): string {
    return new Date(this.#health.nextAttemptAt!).toISOString();
  }

  #takeTurn(): boolean {
    const allowed = permission(this.#health, this.#options.clock.now());
    if (allowed === 'none' || (allowed === 'one' && this.#probing)) return false;
    this.#probing ||= allowed === 'one';
    return true;
  }

  #leave(): void {
    this.#probing = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
