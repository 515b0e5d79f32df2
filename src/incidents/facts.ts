/** What the rules judge. From a part that is null, for it could not be read, nothing is concluded. */
export type PipelineFacts = {
  readonly pipeline: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly slot: SlotFacts | null;
  /** Those that are configured. */
  readonly endpoints: readonly EndpointFacts[] | null;
  /** The latest first, and that one always; of earlier ones, those that found something. */
  readonly runs: readonly RunFacts[] | null;
  /** Transactions that are to be passed over, or were: the latest. */
  readonly skips: readonly SkipFacts[] | null;
};

export type SkipFacts = {
  readonly commitLsn: string;
  readonly requestedBy: string;
  /** Milliseconds since the epoch. */
  readonly requestedAt: number;
  readonly reason: string;
  /** Masked. */
  readonly error: string;
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
  /** `unavailable: HTTP 503`: what kind of trouble it is, then what was seen. Masked; null: none. */
  readonly reason: string | null;
  /** Milliseconds since the epoch; null while the last attempt succeeded. */
  readonly downSince: number | null;
  /** What the last attempt came to, where it failed: by the reason alone it could not be told. */
  readonly lastFailure: 'unavailable' | 'misconfigured' | null;
  readonly pause: { readonly at: number; readonly reason: string } | null;
  readonly deadLetters: number;
  readonly parkedEvents: number;
  readonly parkedBytes: number;
  /** null: nothing is ever parked for it. */
  readonly caps: { readonly events: number; readonly bytes: number } | null;
};

export type RunFacts = {
  readonly runId: string;
  readonly startedAt: number;
  readonly status: string;
  /** Why it failed, masked; null where it did not. */
  readonly error: string | null;
};
