import type { CatalogMemory } from '../changes/catalog-past.ts';
import type { RelationCatalog } from '../changes/relation-cache.ts';
import type { Trial } from '../drain/ports.ts';
import type { SlotIdentity } from '../drain/state-store.ts';
import type { OpenWindow, WindowBounds } from '../drain/window.ts';
import type { Lsn } from '../pgoutput/lsn.ts';

export type TableName = { readonly schema: string; readonly table: string };

export type ServerFacts = {
  readonly database: string;
  /** As server_version_num has it: 180004. */
  readonly versionNumber: number;
  readonly walLevel: string;
  readonly inRecovery: boolean;
  readonly flushedLsn: Lsn;
  readonly serverEncoding: string;
};

export type ServerLimits = {
  readonly maxSlots: number;
  readonly usedSlots: number;
  readonly maxWalSenders: number;
  /** Bytes of WAL that a slot may keep; null: without a bound. */
  readonly maxSlotWalBytes: bigint | null;
  /** A slot that nobody reads for this long is lost; null: never. */
  readonly idleSlotTimeoutMs: number | null;
};

export type RoleFacts = {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly mayReplicate: boolean;
  readonly mayCreate: boolean;
};

export type SessionFacts = {
  readonly isLocal: boolean;
  readonly tls: {
    readonly protocol: string | null;
    readonly cipher: string | null;
    readonly verified: 'none' | 'ca' | 'full';
  } | null;
  /** How the server asked for the password; null: it did not. */
  readonly password: 'cleartext' | 'md5' | 'scram' | null;
  readonly pooled: boolean;
  readonly serverTimeMs: number;
};

export type SlotFacts = {
  readonly name: string;
  readonly temporary: boolean;
  readonly twoPhase: boolean;
  readonly synced: boolean;
  readonly plugin: string | null;
  readonly database: string | null;
  readonly activePid: number | null;
  readonly confirmedLsn: Lsn | null;
  readonly restartLsn: Lsn | null;
  /** reserved | extended | unreserved | lost */
  readonly walStatus: string | null;
  /** Bytes of WAL that may still be written before the slot can be lost; null for no bound. */
  readonly safeWalBytes: bigint | null;
  readonly invalidationReason: string | null;
};

export type PublicationFacts = {
  readonly allTables: boolean;
  readonly viaPartitionRoot: boolean;
  readonly publishesInserts: boolean;
  readonly publishesUpdates: boolean;
  readonly publishesDeletes: boolean;
  readonly publishesTruncates: boolean;
  readonly tables: readonly TableName[];
};

export type UnlikeLeaf = { readonly leaf: TableName; readonly root: TableName };

export type PublishedShapes = {
  readonly typeOids: readonly number[];
  /** Tables whose replica identity does not tell their key, by id. */
  readonly fullIdentity: readonly number[];
};

/** Why a table is not as it should be to be published so: postgres/identity-faults.ts. */
export type IdentityFault = TableName & {
  readonly fault: 'full_generated' | 'key_generated' | 'column_list' | 'row_filter';
  readonly columns: readonly string[];
};

/** A pipeline whose state lies in some schema of the drained database. */
export type PipelineElsewhere = {
  readonly schema: string;
  readonly pipeline: string;
  readonly slot: string;
  readonly publication: string;
};

export type OpenTransaction = {
  readonly kind: 'running' | 'prepared';
  readonly id: string;
  readonly role: string;
  readonly database: string;
  readonly application: string;
  readonly ageMs: number;
};

/**
 * The drained database as those who set it up and look after it see it. All methods throw
 * WalhookError.
 */
export interface SourceDatabase {
  openCatalog(slot: string, memory: CatalogMemory): RelationCatalog;
  readServer(): Promise<ServerFacts>;
  readLimits(): Promise<ServerLimits>;
  readIdentity(publication: string): Promise<SlotIdentity>;
  readRole(): Promise<RoleFacts>;
  readSession(): Promise<SessionFacts>;
  /** Transactions of any database that have written and not ended, the oldest first. */
  openTransactions(olderThanMs: number): Promise<readonly OpenTransaction[]>;

  /** null where there is none. */
  readSlot(name: string): Promise<SlotFacts | null>;
  /** Whether it is listed already, and waits for transactions under way until it can be read. */
  isBeingMade(slot: SlotFacts): boolean;
  /** Throws slot_missing, slot_wrong_plugin, slot_wrong_database, slot_being_made, slot_lost. */
  assertReadable(slot: SlotFacts | null, name: string, database: string): void;
  /** False where another session made it just before. */
  createSlot(name: string, options: { readonly failover: boolean }): Promise<boolean>;
  dropSlot(name: string): Promise<void>;
  /** Other lasting slots of pgoutput in this database. */
  otherSlots(except: string): Promise<readonly string[]>;
  /** Pipelines of this database whose state lies in other schemas of it; `hidden`: not to be read. */
  pipelinesElsewhere(exceptSchema: string | null): Promise<{
    readonly pipelines: readonly PipelineElsewhere[];
    readonly hidden: readonly string[];
  }>;

  readPublication(name: string): Promise<PublicationFacts | null>;
  /** Whose it is, and whether this role may drop and alter it; null where there is none. */
  readPublicationOwner(
    name: string,
  ): Promise<{ readonly owner: string; readonly isOwn: boolean } | null>;
  /** False where another session made it just before. `rehearsed`: it is taken back. */
  createPublication(
    name: string,
    tables: readonly TableName[] | 'all',
    rehearsed?: boolean,
  ): Promise<boolean>;
  /** `rehearsed`: it is taken back. */
  addTables(publication: string, tables: readonly TableName[], rehearsed?: boolean): Promise<void>;
  /** False where there was none. */
  dropPublication(name: string): Promise<boolean>;
  /** Those of the names that are tables a publication can hold. */
  findTables(names: readonly TableName[]): Promise<readonly TableName[]>;
  /** Tables whose UPDATE and DELETE Postgres refuses once they are published. */
  tablesWithoutIdentity(
    among: readonly TableName[] | 'all',
    exceptSchema: string | null,
  ): Promise<readonly TableName[]>;
  /** Tables with a key of several columns whose values, with `_` between, may be those of another row. */
  tablesWithJoinedKeys(
    among: readonly TableName[] | 'all',
    exceptSchema: string | null,
  ): Promise<readonly TableName[]>;
  /** Partitions whose replica identity has other columns than that of the table they are sent as. */
  unlikeLeaves(publication: string): Promise<readonly UnlikeLeaf[]>;
  /** Other faults of theirs: under a publication that exists, or, null, one that walhook makes. */
  identityFaults(
    among: readonly TableName[] | 'all',
    publication: string | null,
    exceptSchema: string | null,
  ): Promise<readonly IdentityFault[]>;
  /** Tables beside the published ones that came after the publication. */
  newerTables(publication: string, exceptSchema: string | null): Promise<readonly TableName[]>;
  /** What the events of the published tables will need the catalog for. */
  publishedShapes(publication: string): Promise<PublishedShapes>;
  /** State tables that this role may not read and write. */
  unusableTables(schema: string): Promise<readonly string[]>;

  /** What waits in the slot, which is left as it is. `close` ends a read that is under way too. */
  openPending(): Promise<{
    open(bounds: WindowBounds): OpenWindow;
    close(): Promise<void>;
  }>;
  /** Tries to read what commits after `from`, on a connection of its own. */
  openTrial(from: Lsn): Promise<Trial>;
}

/** `schema.table`, as a person names a table. */
export function tableText({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}

/** Some of the names, and how many more there are. */
export function listTables(tables: readonly TableName[], atMost = 20): string {
  const shown = tables.slice(0, atMost).map(tableText).join(', ');
  return tables.length <= atMost ? shown : `${shown} and ${tables.length - atMost} more`;
}
