import { minLsn, type Lsn } from '../pgoutput/lsn.ts';

/** What one peek may return, at most: both bounds are checked between transactions only. */
export type WindowBounds = { readonly uptoLsn: Lsn; readonly maxChanges: number };

/**
 * Rows of a window, read one after the other: `next` moves on to a row and says whether there was
 * one; the fields are that row's until the next call.
 */
export interface MessageRows {
  next(): boolean;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly lsnHigh: number;
  readonly lsnLow: number;
  /** The whole message's size where only its beginning is here; else 0. */
  readonly cutFromBytes: number;
}

/** A piece of a window as it came. Open the pieces in their order, and read each to its end. */
export type WindowChunk = {
  /** What it keeps in memory. */
  readonly byteLength: number;
  readonly open: () => MessageRows;
  /** Nothing reads the piece's rows any more: their memory is used again. */
  readonly release: () => void;
};

/** A window as it arrives. Iterating throws WalhookError. */
export interface OpenWindow {
  readonly chunks: AsyncIterable<WindowChunk>;
  /** Rows that came, once the chunks have ended. */
  readonly rowCount: number;
  /** Milliseconds that the server took before the first byte; the rest is transport. */
  readonly decodedMs: number;
}

export type WindowCost = {
  readonly changes: number;
  /** Of WAL, from where the window began to where it ended. */
  readonly walBytes: number;
  readonly decodedMs: number;
};

/** Reads a slot window by window. */
export interface WindowReader {
  /**
   * True: each window starts where the one before ended, whatever has become of its events. False:
   * each starts where the slot stands, so it has to be advanced to get on.
   */
  readonly readsAhead: boolean;
  /** Where the next window starts. */
  position(): Promise<Lsn>;
  /** Lets the next window start there. Only where it reads ahead. */
  skipTo(to: Lsn): Promise<void>;
  open(bounds: WindowBounds): OpenWindow;
  /** Ends a read that is under way too. */
  close(): Promise<void>;
}

/**
 * Where a peeked window ends. Postgres stops once it has counted `maxChanges` rows, at the next commit
 * or message, and else after the first record that reaches `uptoLsn`: with fewer rows than that, the
 * bound was it. `completeThrough`: how far the messages themselves tell, null without any.
 */
export function peekedEnd(bounds: WindowBounds, rows: number, completeThrough: Lsn | null): Lsn {
  if (rows < bounds.maxChanges || completeThrough === null) return bounds.uptoLsn;
  return minLsn(completeThrough, bounds.uptoLsn);
}
