import type { ConditionStatus } from '../health/views/status.ts';
import type { ConnectionStatus } from './connection-status.ts';

export type EndpointStatus = {
  readonly name: string;
  /**
   * What it did with its events in the last drain; or paused, by a person or an answer 410; new: not
   * drained to yet; removed: not in the configuration any more.
   */
  readonly state: 'active' | 'held' | 'parking' | 'paused' | 'new' | 'removed';
  /** Why it is held, or parking. */
  readonly reason: string | null;
  /** open: nothing is sent before `next_attempt_at`, and then one attempt. */
  readonly breaker: 'closed' | 'open';
  readonly consecutive_failures: number;
  /** Since when no attempt succeeded; null while the last one did. */
  readonly down_since: string | null;
  readonly next_attempt_at: string | null;
  readonly paused: {
    readonly since: string;
    readonly reason: string;
    /** Its events are parked; else it holds the slot. */
    readonly parks: boolean;
  } | null;
  /** What is parked for it now; null where nothing is. */
  readonly waiting: {
    readonly events: number;
    readonly bytes: number;
    readonly oldest_at: string;
  } | null;
  readonly checkpoint: string | null;
  /** Where the changes begin that it did not get, because it was not configured; null: none. */
  readonly missed_from: string | null;
  /** Of all drains together. Counts can pass 2^53 in theory; as JSON numbers they round then. */
  readonly delivered: number;
  readonly filtered: number;
  readonly parked: number;
  readonly failed_attempts: number;
  readonly dead_letters: number;
  readonly updated_at: string | null;
};

export type SlotStatus = {
  readonly name: string;
  readonly exists: boolean;
  readonly plugin: string | null;
  readonly database: string | null;
  readonly active_pid: number | null;
  readonly confirmed_lsn: string | null;
  readonly restart_lsn: string | null;
  readonly wal_status: string | null;
  readonly invalidation_reason: string | null;
  /** WAL between where the slot stands and what is flushed: at the most, what is left to drain. */
  readonly lag_bytes: number | null;
  /** WAL that the server keeps because of the slot. */
  readonly held_bytes: number | null;
  /** WAL that may still be written before the slot can be lost; null: no bound. */
  readonly safe_bytes: number | null;
  /** max_slot_wal_keep_size; null: no bound. */
  readonly max_held_bytes: number | null;
};

export type RunStatus = {
  readonly started_at: string;
  readonly finished_at: string;
  readonly status: string;
  /** As `drain --json` printed it. */
  readonly report: unknown;
};

/** The fields are public: `status --json`. */
export type Status = {
  readonly pipeline: string;
  readonly database: string;
  readonly publication: { readonly name: string; readonly exists: boolean };
  readonly connection: ConnectionStatus;
  readonly slot: SlotStatus;
  readonly endpoints: readonly EndpointStatus[];
  /** Whoever drains now. */
  readonly lease: { readonly owner: string; readonly expires_at: string } | null;
  readonly last_drain_at: string | null;
  /** When a drain last ended with everything settled; null: none has yet. */
  readonly caught_up_at: string | null;
  /** What was committed before that is settled: since the pipeline was set up, if nothing has been yet. */
  readonly settled_through: string | null;
  /** WAL that the server has written a second, in the last minutes; null: not known yet. */
  readonly wal_bytes_per_second: number | null;
  /** The latest first. Drains that found nothing leave none. */
  readonly runs: readonly RunStatus[];
  /** What is wrong, in words, the worst first; empty where nothing is. */
  readonly troubles: readonly string[];
  /** The same, each with what it is, how bad, and where it is written of. */
  readonly conditions: readonly ConditionStatus[];
};
