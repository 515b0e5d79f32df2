import type { ErrorCode } from '../errors/catalogue.ts';

export type DrainStatus = 'caught_up' | 'deadline' | 'held' | 'busy' | 'failed';

export type EndpointReport = {
  name: string;
  delivered: number;
  filtered: number;
  parked: number;
  dead_lettered: number;
  failed_attempts: number;
  /** The event id up to which everything is settled; null before the first. */
  checkpoint: string | null;
  state: 'active' | 'held' | 'parking';
  error: string | null;
};

export type ReportedError = {
  code: ErrorCode;
  message: string;
  detail: string | null;
  remedy: string;
};

/** What one drain did. The fields are public: `drain --json`, the library, the run history. */
export type DrainReport = {
  status: DrainStatus;
  run_id: string;
  from_lsn: string | null;
  to_lsn: string | null;
  target_lsn: string | null;
  /** WAL between the slot and what is flushed, at the end of the drain. */
  lag_bytes: number | null;
  windows: number;
  transactions: number;
  events: number;
  duration_ms: number;
  endpoints: EndpointReport[];
  error: ReportedError | null;
};
