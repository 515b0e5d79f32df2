import type { Clock } from '../clock/clock.ts';
import { steadyClock } from '../clock/steady-clock.ts';
import type { DrainLog } from '../drain/ports.ts';
import type { DrainReport, ReportedError } from '../drain/report.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';

const OUT_OF_REACH: ReadonlySet<ErrorCode> = new Set([
  'database_unreachable',
  'database_too_many_connections',
  'database_connection_lost',
]);

type Trouble = { readonly code: ErrorCode; readonly since: number; tries: number };

/**
 * What serve says of drains that nobody asked for: once that they fail, and why; again where that is
 * for another reason; and once that they work again. A database that is down for a night is tried
 * thousands of times.
 */
export class ServeLog {
  readonly #log: DrainLog;
  readonly #now: () => number;
  #trouble: Trouble | null = null;
  readonly #warnedOf = new Set<string>();

  constructor(log: DrainLog, clock: Clock) {
    this.#log = log;
    this.#now = steadyClock(clock);
  }

  /** For the drains themselves: until one works, what an error made them warn of, once. */
  get ofDrains(): DrainLog {
    const log = this.#log;
    return {
      debug: (message, fields) => log.debug(message, fields),
      info: (message, fields) => log.info(message, fields),
      warn: (message, fields) => {
        const about = subjectOf(message, fields);
        const isRepeated = about !== null && this.#warnedOf.has(about);
        if (about !== null) this.#warnedOf.add(about);
        log[isRepeated ? 'debug' : 'warn'](message, fields);
      },
    };
  }

  drained({ status, error }: DrainReport): void {
    if (status === 'failed') this.#fails(error);
    // Another one has the lease: that it could be asked for is all that is known.
    else if (status !== 'busy' || isOutOfReach(this.#trouble)) this.#works();
  }

  /** It cannot even be seen whether there is something to drain. */
  lookFailed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#fails(isWalhookError(error) ? error : new WalhookError('internal', message));
  }

  #fails(error: ReportedError | WalhookError | null): void {
    const code = error?.code ?? 'internal';
    const { since, tries } = this.#trouble ?? { since: this.#now(), tries: 0 };
    const trouble = { code, since, tries: tries + 1 };
    const isKnown =
      this.#trouble?.code === code || (isOutOfReach(this.#trouble) && isOutOfReach(trouble));
    this.#trouble = trouble;
    const say = isKnown ? 'debug' : 'warn';
    this.#log[say]('drains fail; they are tried again until they work', { error });
  }

  #works(): void {
    const trouble = this.#trouble;
    this.#trouble = null;
    this.#warnedOf.clear();
    if (trouble === null) return;
    const { since, tries } = trouble;
    this.#log.info('drains work again', { failed_for_ms: this.#now() - since, tries });
  }
}

/** The ways in which a server that is down or full shows itself are one trouble. */
function isOutOfReach(trouble: Trouble | null): boolean {
  return trouble !== null && OUT_OF_REACH.has(trouble.code);
}

/** What it is about, without what differs from try to try; null: no error is behind it. */
function subjectOf(message: string, { error }: Record<string, unknown> = {}): string | null {
  return isWalhookError(error) ? `${error.code} ${message}` : null;
}
