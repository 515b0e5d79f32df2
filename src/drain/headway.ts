import type { Lsn } from '../pgoutput/lsn.ts';

/** How far the WAL was flushed at some time: what was committed before then lies before it. */
export type FlushedAt = { readonly lsn: Lsn; readonly at: Date };

/** How far one drain was to go, and how far it came. Times are those of the drainer's clock. */
export type DrainHeadway = {
  readonly target: FlushedAt;
  readonly endedAt: Date;
  /** Where it left the slot; null where it failed, and does not know. */
  readonly slotAt: Lsn | null;
  /**
   * What is settled: all up to the target, all up to the slot, or less than that, for events that
   * are parked are behind the slot, too.
   */
  readonly settled: 'target' | 'slot' | 'less';
};

/** How far all drains of a pipeline came, without a look at their reports: those are forgotten. */
export type PipelineHeadway = {
  readonly registeredAt: Date;
  /** When a drain last ended with everything settled; null: none has yet. */
  readonly caughtUpAt: Date | null;
  /** What was committed before that is settled; null: no drain has settled anything yet. */
  readonly settledThrough: Date | null;
  /** Where the slot stands before that, something has waited since then; null: all was reached. */
  readonly behind: FlushedAt | null;
  /** Of some minutes ago, or of the first drain: WAL is written at the rate since then. */
  readonly walSince: FlushedAt | null;
};
