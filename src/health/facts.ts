import type { ErrorCode } from '../errors/catalogue.ts';

/**
 * What is known of a pipeline, read once: everything that is said of its health rests on it. From a
 * part that is null, for it could not be read, nothing is concluded.
 */
export type PipelineFacts = {
  readonly pipeline: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly at: number;
  readonly slot: SlotFacts | null;
  /** What every drain would refuse of slot and publication; empty: nothing. */
  readonly refusals: readonly Fault[] | null;
  /** Why the state tables tell nothing; null: they do. */
  readonly stateProblem: Fault | null;
  /** Those that are configured, and those that have left something in the state tables. */
  readonly endpoints: readonly EndpointFacts[] | null;
  /** The latest first, since the last drain that caught up; drains that found nothing leave none. */
  readonly runs: readonly RunFacts[] | null;
  /** Transactions that are to be passed over, or were: the latest. */
  readonly skips: readonly SkipFacts[] | null;
};

/** An error without what would be thrown with it. */
export type Fault = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
};

export type SlotFacts = {
  readonly name: string;
  readonly exists: boolean;
  /** reserved | extended | unreserved | lost */
  readonly walStatus: string | null;
  /** WAL between where the slot stands and what is flushed. */
  readonly lagBytes: number | null;
  /** WAL that the server keeps because of the slot. */
  readonly heldBytes: number | null;
  /** WAL that may still be written before the slot can be lost; null: no bound. */
  readonly safeBytes: number | null;
  /** max_slot_wal_keep_size; null: no bound. */
  readonly maxHeldBytes: number | null;
  /** How long the oldest change has been waiting, at the least; null where that is not known. */
  readonly oldestUnconfirmedMs: number | null;
};

export type EndpointFacts = {
  readonly name: string;
  /** By the configuration that is looked with: another call may name other endpoints. */
  readonly isConfigured: boolean;
  /** What it did with its events in the last drain; new: there was none. */
  readonly state: 'active' | 'held' | 'parking' | 'new';
  /** `unavailable: HTTP 503`: what kind of trouble it is, then what was seen. Masked; null: none. */
  readonly reason: string | null;
  /** null while the last attempt succeeded. */
  readonly downSince: number | null;
  /** What the last attempt came to, where it failed: by the reason alone it could not be told. */
  readonly lastFailure: 'unavailable' | 'misconfigured' | null;
  readonly nextAttemptAt: number | null;
  readonly pause: {
    readonly at: number;
    readonly reason: string;
    /** Its events are parked; else it holds the slot. */
    readonly parks: boolean;
  } | null;
  readonly deadLetters: number;
  readonly parkedEvents: number;
  readonly parkedBytes: number;
  /** null: nothing is ever parked for it. */
  readonly caps: { readonly events: number; readonly bytes: number } | null;
  /** Where the changes begin that it did not get, because it was not configured; null: none. */
  readonly missedFrom: string | null;
};

export type SkipFacts = {
  readonly commitLsn: string;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly reason: string;
  /** Masked. */
  readonly error: string;
};

export type RunFacts = {
  readonly runId: string;
  readonly startedAt: number;
  readonly status: string;
  /** Why it failed, masked; null where it did not, or a version of walhook wrote it that did not say. */
  readonly error: Fault | null;
};
