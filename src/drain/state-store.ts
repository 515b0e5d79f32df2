import type { Position } from '../changes/position.ts';
import type { RelationMark } from '../changes/relation-mark.ts';
import type { EndpointHealth } from '../delivery/circuit-breaker.ts';
import type { DeadLetter } from '../delivery/dead-letter.ts';
import type { CountsSnapshot } from '../delivery/dispatch-counts.ts';
import type { ParkedBatch, StoredParkedBatch } from '../delivery/parked-batch.ts';
import type { PartlyReplayed } from '../delivery/replayed.ts';
import type { Answer } from '../delivery/sink.ts';
import type { Tally } from '../delivery/tally.ts';
import type { CatalogRecord } from '../changes/catalog-past.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import type { DrainHeadway, PipelineHeadway } from './headway.ts';
import type { SkipRecord } from './skip.ts';
import type { WindowTotals } from './window-totals.ts';

export type { DeadLetter } from '../delivery/dead-letter.ts';

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

/** What an endpoint did with its events in the last drain. */
export type EndpointState = 'active' | 'held' | 'parking';

/** With counts since the last saved progress; the tables hold the sums. */
export type EndpointProgress = Checkpoint & {
  readonly state: EndpointState;
  /** Why it is not active, masked. */
  readonly reason: string | null;
  /** null where no attempt was made: a person may have resumed the endpoint meanwhile. */
  readonly health: EndpointHealth | null;
} & CountsSnapshot;

/** Nothing is sent to a paused endpoint until a person resumes it. */
export type Pause = {
  readonly at: Date;
  readonly reason: string;
  /** Its events are parked meanwhile; else it holds the slot. */
  readonly parks: boolean;
};

export type EndpointRecord = Checkpoint & {
  /** While it was not configured, the slot moved on from here over what it has not settled. */
  readonly missedFrom: Lsn | null;
  readonly state: EndpointState;
  readonly reason: string | null;
  readonly health: EndpointHealth;
  readonly pause: Pause | null;
  readonly delivered: bigint;
  readonly filtered: bigint;
  readonly parked: bigint;
  readonly deadLettered: bigint;
  readonly failedAttempts: bigint;
  readonly updatedAt: Date;
};

/** What all drains of a pipeline counted. */
export type PipelineTallies = {
  readonly windows: WindowTotals;
  /** By the endpoint's name. */
  readonly endpoints: ReadonlyMap<string, Tally>;
};

export type DeadLetterCount = {
  readonly endpoint: string;
  readonly reason: string;
  readonly letters: number;
};

/** Parked and not sent yet. */
export type ParkedCount = {
  readonly batches: number;
  readonly events: number;
  readonly bytes: number;
  readonly oldestAt: Date;
};

export type StoredDeadLetter = DeadLetter & {
  readonly id: bigint;
  readonly createdAt: Date;
  readonly lastAttemptAt: Date | null;
};

export type DeadLetterKey = {
  readonly id: bigint;
  readonly endpoint: string;
  /** Without one there is nothing to send again. */
  readonly hasBody: boolean;
  /** Where it never was, a filter or a transform failed: the body is the event as it was before. */
  readonly wasSent: boolean;
};

/** Which dead letters; what is absent does not matter. */
export type DeadLetterFilter = {
  readonly ids?: readonly bigint[];
  readonly endpoint?: string;
  /** `schema.table`, or a table of any schema. */
  readonly table?: string;
  readonly reason?: string;
  /** By when they became dead letters: from, and before. */
  readonly since?: Date;
  readonly until?: Date;
};

export type RedriveOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly detail: string; readonly answer: Answer | null };

export type { StoredParkedBatch } from '../delivery/parked-batch.ts';

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
  /** Throws what migrate would throw, and leaves everything as it is. */
  rehearseMigrate(): Promise<void>;
  /** Throws state_missing or state_outdated. */
  assertReady(): Promise<void>;
  /** Inserts or replaces the pipeline's identity and start; keeps the lease and the endpoints. */
  registerPipeline(record: PipelineRecord): Promise<void>;
  loadPipeline(pipeline: string): Promise<PipelineRecord | null>;
  /** All that these tables hold, also of other databases. */
  listPipelines(): Promise<readonly PipelineRecord[]>;
  /** Throws state_missing where the pipeline is not registered. */
  acquireLease(request: LeaseRequest): Promise<LeaseOutcome>;
  renewLease(lease: Lease, ttlMs: number): Promise<void>;
  /** For a person to see: it may be another's by the time it is read. null: no such pipeline. */
  readLease(pipeline: string): Promise<LeaseRecord | null>;
  /**
   * Ends the lease, notes where the slot stands now and how far a drain came, and adds what windows
   * cost, in one statement. A lost lease is not an error here.
   */
  releaseLease(
    lease: Lease,
    slotAt: Lsn | null,
    windows?: WindowTotals,
    headway?: DrainHeadway | null,
  ): Promise<void>;
  /** null: no such pipeline. */
  loadHeadway(pipeline: string): Promise<PipelineHeadway | null>;
  loadEndpoints(pipeline: string): Promise<readonly EndpointRecord[]>;
  /**
   * Writes checkpoints, adds counts and what windows cost, forgets parked batches that were sent,
   * notes what is settled of those that were sent in part, and renews the lease, in one statement: a
   * batch that came back after a crash would be sent again behind events that are newer.
   * The answer: who is paused, for a person may pause an endpoint while it is drained to.
   */
  saveProgress(
    lease: Lease,
    ttlMs: number,
    progress: readonly EndpointProgress[],
    sentBatches?: readonly bigint[],
    partlySent?: readonly PartlyReplayed[],
    windows?: WindowTotals,
  ): Promise<ReadonlyMap<string, Pause>>;
  /**
   * Notes, durably, that these endpoints miss what the slot passes from `from` on; where that is noted
   * already, it stays. Progress that is saved for an endpoint takes it back.
   */
  noteMissed(lease: Lease, endpoints: readonly string[], from: Lsn): Promise<void>;
  /** Nothing of a pipeline that is not registered. */
  loadTallies(pipeline: string): Promise<PipelineTallies>;
  /** The same event twice is one dead letter. */
  addDeadLetters(lease: Lease, letters: readonly DeadLetter[]): Promise<void>;
  countDeadLetters(pipeline: string): Promise<ReadonlyMap<string, number>>;
  countDeadLetterReasons(pipeline: string): Promise<readonly DeadLetterCount[]>;
  /** Newest first. */
  listDeadLetters(
    pipeline: string,
    filter: DeadLetterFilter,
    limit: number,
  ): Promise<readonly StoredDeadLetter[]>;
  /** Those that a filter matches, beyond any limit. */
  countMatchingDeadLetters(pipeline: string, filter: DeadLetterFilter): Promise<number>;
  /** All of them, without what they hold: in the order of their positions. */
  findDeadLetters(pipeline: string, filter: DeadLetterFilter): Promise<readonly DeadLetterKey[]>;
  /**
   * Sends one dead letter while its row is locked: deletes it once delivered, else notes the attempt.
   * Two at once: one sends, the other gets null, as where the row is gone. An error that `send`
   * throws leaves it as it was. The store's connection is taken until then: another call waits.
   */
  redriveDeadLetter(
    pipeline: string,
    id: bigint,
    send: (letter: StoredDeadLetter) => Promise<RedriveOutcome>,
  ): Promise<RedriveOutcome | null>;
  /** How many there were. */
  discardDeadLetters(pipeline: string, filter: DeadLetterFilter): Promise<number>;

  /** The next drain passes over that transaction. Asked for twice, it is the first that counts. */
  recordSkip(lease: Lease, skip: SkipRecord): Promise<SkipRecord>;
  /** The latest first. */
  listSkips(pipeline: string, limit: number): Promise<readonly SkipRecord[]>;
  loadSkip(pipeline: string, commitLsn: Lsn): Promise<SkipRecord | null>;

  /** Appends batches in this order; durable once it resolves. */
  park(lease: Lease, batches: readonly ParkedBatch[]): Promise<void>;
  /** The next batches after that id, in order: one at least where there is one, else up to `maxBytes`. */
  loadParked(
    pipeline: string,
    endpoint: string,
    afterId: bigint,
    maxBytes: number,
  ): Promise<readonly StoredParkedBatch[]>;
  countParked(pipeline: string): Promise<ReadonlyMap<string, ParkedCount>>;
  /** By endpoint, the relations whose events are parked, in every way that they were described. */
  parkedRelations(pipeline: string): Promise<ReadonlyMap<string, readonly RelationMark[]>>;
  /**
   * By endpoint, positions beyond its checkpoint that are parked or dead letters: settled, though a
   * process died before its checkpoint told so.
   */
  settledInStore(pipeline: string): Promise<ReadonlyMap<string, readonly Position[]>>;
  /**
   * Positions of the endpoint's dead letters from after it began to park: they may stand in a parked
   * batch too, where a process died in the middle of sending it.
   */
  setAsideSinceParked(pipeline: string, endpoint: string): Promise<readonly Position[]>;

  /** Until it is resumed. Throws state_missing where the pipeline is not registered. */
  pauseEndpoint(pipeline: string, endpoint: string, pause: Omit<Pause, 'at'>): Promise<void>;
  /** Also closes its breaker: the next drain tries at once. False: it was not paused, nor waiting. */
  resumeEndpoint(pipeline: string, endpoint: string): Promise<boolean>;
  /** What earlier looks at the catalog of the drained database found. Oldest first. */
  recallCatalog(pipeline: string): Promise<readonly CatalogRecord[]>;
  /**
   * Adds to it: of the same version the parts of the WAL are joined. What was so only before
   * `slotAt`, and has been otherwise since, is forgotten.
   */
  noteCatalog(pipeline: string, records: readonly CatalogRecord[], slotAt: Lsn): Promise<void>;
  recordRun(run: RunRecord, keepMs: number): Promise<void>;
  listRuns(pipeline: string, limit: number): Promise<readonly RunRecord[]>;
  /** By status: those that are kept. */
  countRuns(pipeline: string): Promise<ReadonlyMap<string, number>>;
  /**
   * Forgets every endpoint's checkpoint, so that each starts at the slot's position, and what was
   * seen of the catalog: another cluster's LSNs say nothing of this one's.
   */
  forgetCheckpoints(pipeline: string): Promise<void>;
  /** Drops the pipeline's rows; the schema too where nobody else's are left. */
  destroyPipeline(pipeline: string): Promise<void>;
  /** Throws what destroyPipeline would throw, and leaves everything as it is. */
  rehearseDestroy(pipeline: string): Promise<void>;
}
