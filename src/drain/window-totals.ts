import type { WindowCost } from './window.ts';

/** What windows cost the server, together. */
export type WindowTotals = {
  /** WAL that they spanned. */
  readonly walBytes: number;
  /** Milliseconds that the server decoded before the first row of each came. */
  readonly decodedMs: number;
};

export const NO_WINDOWS: WindowTotals = { walBytes: 0, decodedMs: 0 };

/** Adds windows up until somebody writes the sum down. */
export class WindowTally {
  #totals = NO_WINDOWS;

  add({ walBytes, decodedMs }: WindowCost): void {
    this.#totals = {
      walBytes: this.#totals.walBytes + walBytes,
      decodedMs: this.#totals.decodedMs + decodedMs,
    };
  }

  /** What was taken does not come again, also where writing it failed: it may be written all the same. */
  take(): WindowTotals {
    const totals = this.#totals;
    this.#totals = NO_WINDOWS;
    return totals;
  }
}
