import type { DrainReport } from '../drain/report.ts';

export type PaceBounds = { readonly minIntervalMs: number; readonly maxIntervalMs: number };

/** After a drain that left something behind, the next one comes without new WAL, later each time. */
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** A slot that nothing concerns has to move on, too, or the server keeps all that others write. */
const AT_LEAST_EVERY_MS = 60_000;
/** A look is over WAL that an endpoint holds up, too: it may take that part of the time at most. */
const LOOKING_SHARE = 1 / 20;

/**
 * When a server that drains by itself looks for WAL, and when it drains without having found any:
 *
 *   got something done ─► looks again after minIntervalMs
 *   found nothing      ─► waits twice as long as before, up to maxIntervalMs
 *   left something     ─► drains again after a second, twice as long the next time, up to 30 s
 *   failed             ─► neither looks nor drains before that
 */
export class DrainPace {
  readonly #bounds: PaceBounds;
  #waitMs: number;
  #retryMs = RETRY_MIN_MS;
  #dueAt = -Infinity;
  /** Whether the last look or drain found nothing. */
  isQuiet = false;

  constructor(bounds: PaceBounds) {
    this.#bounds = bounds;
    this.#waitMs = bounds.minIntervalMs;
  }

  /** Until the next look. */
  get waitMs(): number {
    return this.#waitMs;
  }

  isDue(now: number): boolean {
    return now >= this.#dueAt;
  }

  /** `tookMs`: what it cost to find that out. */
  foundNothing(tookMs: number): void {
    this.isQuiet = true;
    const calmMs = Math.min(this.#bounds.maxIntervalMs, this.#waitMs * 2);
    this.#waitMs = Math.min(RETRY_MAX_MS, Math.max(calmMs, tookMs / LOOKING_SHARE));
  }

  /** The next drain comes no later for it: that one tells by alerts what is wrong. */
  lookFailed(now: number): void {
    this.#dueAt = Math.min(this.#dueAt, now + this.#retryMs);
    this.#waitMs = Math.max(this.#bounds.minIntervalMs, RETRY_MIN_MS);
  }

  drained(report: DrainReport, now: number): void {
    if (report.status === 'failed') {
      this.#waitMs = Math.max(this.#bounds.minIntervalMs, this.#retryMs);
      return this.#retryLater(now);
    }
    if (report.status === 'busy') {
      // Somebody else drains: this is for the time when he does not any more.
      this.#waitMs = this.#bounds.maxIntervalMs;
      return;
    }
    const gotSomethingDone = report.endpoints.some(hasSettled);
    if (gotSomethingDone) this.#retryMs = RETRY_MIN_MS;
    // What waits for its endpoint is tried again; nobody else has to wait for that.
    if (report.endpoints.some(({ state }) => state !== 'active')) this.#retryLater(now);
    else this.#dueAt = report.status === 'deadline' ? now : now + AT_LEAST_EVERY_MS;
    if (!gotSomethingDone) return this.foundNothing(0);
    this.isQuiet = false;
    this.#waitMs = this.#bounds.minIntervalMs;
  }

  #retryLater(now: number): void {
    this.#dueAt = now + this.#retryMs;
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
  }
}

function hasSettled(endpoint: DrainReport['endpoints'][number]): boolean {
  const { delivered, filtered, parked, dead_lettered: deadLettered } = endpoint;
  return delivered + filtered + parked + deadLettered > 0;
}
