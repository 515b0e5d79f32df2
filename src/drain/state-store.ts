import type { Position } from '../changes/position.ts';
import type { Lsn } from '../pgoutput/lsn.ts';

/** What a slot is known by beside its name. null: the server does not let this role see it. */
export type SlotIdentity = {
  readonly systemIdentifier: string | null;
  readonly timeline: number | null;
  /** A publication made again under its name does not know what was changed in between. */
  readonly publicationOid: number | null;
};

export type PipelineRecord = {
  readonly pipeline: string;
  readonly slot: string;
  readonly publication: string;
  readonly database: string;
  readonly identity: SlotIdentity;
  /**
   * The furthest LSN that the slot may stand at by walhook's own doing. A slot that stands beyond it
   * was moved by somebody else, or dropped and made again: what lies between is missing.
   */
  readonly announcedLsn: Lsn;
};

/** The right to drain. Every write of progress carries the token; a newer lease makes it void. */
export type Lease = { readonly pipeline: string; readonly token: bigint };

/** The holder's server session: when it is gone, so is the holder, and nobody waits for the expiry. */
export type LeaseSession = { readonly pid: number; readonly startedAt: string };

export type LeaseRequest = {
  readonly pipeline: string;
  /** Names this drainer and no other: it may take its own lease again, over another connection. */
  readonly owner: string;
  readonly ttlMs: number;
  /** null behind a transaction pooler, where no session is one's own. */
  readonly session: LeaseSession | null;
  /**
   * Where the slot stands. One that stands beyond what was announced is not walhook's doing: then
   * nothing more is announced, and every drain refuses it, also after one that died before it could.
   */
  readonly slotAt: Lsn;
  /** The drain's target: announced with the lease, for it will not advance the slot further. */
  readonly target: Lsn;
};

export type LeaseOutcome =
  | { readonly kind: 'acquired'; readonly lease: Lease; readonly record: PipelineRecord }
  | { readonly kind: 'busy'; readonly owner: string; readonly expiresAt: Date };

/** Who drains now, and when anybody last had the right to. */
export type LeaseRecord = {
  readonly owner: string | null;
  readonly expiresAt: Date | null;
  readonly lastChangedAt: Date;
};

/** An endpoint's durable progress. */
export type Checkpoint = {
  readonly endpoint: string;
  /** Everything up to here is settled, without holes. */
  readonly settled: Position;
  /** Settled positions beyond `settled`, in the form of drain/settled-ahead.ts; empty for none. */
  readonly settledAhead: Uint8Array;
};

export type EndpointProgress = Checkpoint & {
  readonly state: 'active' | 'held';
  /** Why it is held, masked. */
  readonly reason: string | null;
  /** Counts since the last saved progress; the tables hold the sums. */
  readonly delivered: number;
  readonly filtered: number;
  readonly deadLettered: number;
  readonly failedAttempts: number;
};

export type EndpointRecord = Checkpoint & {
  readonly state: 'active' | 'held';
  readonly reason: string | null;
  readonly delivered: bigint;
  readonly filtered: bigint;
  readonly deadLettered: bigint;
  readonly failedAttempts: bigint;
  readonly updatedAt: Date;
};

export type DeadLetter = {
  readonly endpoint: string;
  readonly position: Position;
  readonly eventId: string;
  readonly schema: string | null;
  readonly table: string | null;
  readonly operation: string;
  /** The event as it would have been sent, or null where it was too large to be read. */
  readonly body: string | null;
  /** A stable word, `event_too_large`, and what was seen. */
  readonly reason: string;
  readonly detail: string;
};

export type RunRecord = {
  readonly runId: string;
  readonly pipeline: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly status: string;
  /** The report as `drain --json` prints it. */
  readonly report: unknown;
};

/**
 * Progress that outlives the process. Each method is one statement, or one transaction.
 * Methods that take a lease throw WalhookError `lease_lost` and write nothing when it is no longer
 * the current one; all throw `state_missing` / `state_outdated` where the tables are not there.
 */
export interface StateStore {
  /** Creates or upgrades the tables. Idempotent; names of the migrations it applied. */
  migrate(): Promise<readonly string[]>;
  /** Throws state_missing or state_outdated. */
  assertReady(): Promise<void>;
  /** Inserts or replaces the pipeline's identity and start; keeps the lease and the endpoints. */
  registerPipeline(record: PipelineRecord): Promise<void>;
  loadPipeline(pipeline: string): Promise<PipelineRecord | null>;
  /** Throws state_missing where the pipeline is not registered. */
  acquireLease(request: LeaseRequest): Promise<LeaseOutcome>;
  renewLease(lease: Lease, ttlMs: number): Promise<void>;
  /** For a person to see: it may be another's by the time it is read. null: no such pipeline. */
  readLease(pipeline: string): Promise<LeaseRecord | null>;
  /** Ends the lease and notes where the slot stands now. A lost lease is not an error here. */
  releaseLease(lease: Lease, slotAt: Lsn | null): Promise<void>;
  loadEndpoints(pipeline: string): Promise<readonly EndpointRecord[]>;
  /** Writes checkpoints and counts, and renews the lease, in one statement. */
  saveProgress(lease: Lease, ttlMs: number, progress: readonly EndpointProgress[]): Promise<void>;
  /** The same event twice is one dead letter. */
  addDeadLetters(lease: Lease, letters: readonly DeadLetter[]): Promise<void>;
  countDeadLetters(pipeline: string): Promise<ReadonlyMap<string, number>>;
  recordRun(run: RunRecord, keepMs: number): Promise<void>;
  listRuns(pipeline: string, limit: number): Promise<readonly RunRecord[]>;
  /** Forgets every endpoint's checkpoint, so that each starts at the slot's position. */
  forgetCheckpoints(pipeline: string): Promise<void>;
  /** Drops the pipeline's rows; the schema too where nobody else's are left. */
  destroyPipeline(pipeline: string): Promise<void>;
}
