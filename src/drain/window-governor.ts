import { minLsn, toLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { WindowBounds } from './window.ts';

export type GovernorLimits = {
  readonly maxWindowChanges: number;
  /** Bytes of WAL. */
  readonly maxWindowBytes: number;
};

/** What a window returns again before it comes to anything new. */
export type Repeated = {
  readonly changes: number;
  /** Bytes of WAL. */
  readonly bytes: bigint;
};

export const NOTHING_REPEATED: Repeated = { changes: 0, bytes: 0n };

const FIRST_CHANGES = 16_384;
const FIRST_BYTES = 16 << 20;
const MIN_CHANGES = 1_000;
const MIN_BYTES = 1 << 20;
const GROWTH = 2;
/** Below this, a window is mostly overhead: the next may be larger. */
const CHEAP_MS = 400;
/** Above this, a stop would wait too long for the server: the next is smaller. */
const DEAR_MS = 3_000;

/**
 * How large the next window may be. Few large windows cost the server least, since each starts
 * decoding at restart_lsn again; but nothing arrives before the server has decoded the whole window,
 * and a transaction is never split. So windows start small, grow while they are cheap, and shrink
 * when one took long or little time is left.
 *
 * Where an endpoint holds a slot that is read in place, each window returns all of the last one
 * again. So it brings as much that is new, bounds or not: what is read in all is then a few times the
 * backlog, and not its square.
 */
export class WindowGovernor {
  readonly #limits: GovernorLimits;
  #changes: number;
  #bytes: number;
  #leavesTimeForTwice = true;

  constructor(limits: GovernorLimits) {
    this.#limits = limits;
    this.#changes = Math.min(FIRST_CHANGES, limits.maxWindowChanges);
    this.#bytes = Math.min(FIRST_BYTES, limits.maxWindowBytes);
  }

  /** `from`: where what is new begins. */
  bounds(from: Lsn, target: Lsn, repeated = NOTHING_REPEATED): WindowBounds {
    const atLeast = this.#leavesTimeForTwice ? repeated : NOTHING_REPEATED;
    const bytes = BigInt(this.#bytes);
    const uptoLsn = toLsn(from + (bytes > atLeast.bytes ? bytes : atLeast.bytes));
    return {
      uptoLsn: minLsn(uptoLsn, target),
      maxChanges: repeated.changes + Math.max(this.#changes, atLeast.changes),
    };
  }

  /** decodedMs: of the last window. timeLeftMs: until the deadline; Infinity without one. */
  observe(decodedMs: number, timeLeftMs: number): void {
    this.#leavesTimeForTwice = decodedMs <= timeLeftMs / 3;
    const dearMs = Math.min(DEAR_MS, timeLeftMs / 3);
    if (decodedMs > dearMs) this.#resize(1 / GROWTH);
    else if (decodedMs < Math.min(CHEAP_MS, dearMs / GROWTH)) this.#resize(GROWTH);
  }

  #resize(factor: number): void {
    const { maxWindowBytes, maxWindowChanges } = this.#limits;
    this.#changes = clamp(this.#changes * factor, MIN_CHANGES, maxWindowChanges);
    this.#bytes = clamp(this.#bytes * factor, MIN_BYTES, maxWindowBytes);
  }
}

/** The upper bound wins: it is the user's. */
function clamp(value: number, low: number, high: number): number {
  return Math.floor(Math.min(high, Math.max(low, value)));
}
