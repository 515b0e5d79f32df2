import type { CatalogMemory } from '../changes/catalog-past.ts';
import type { RelationCatalog } from '../changes/relation-cache.ts';
import type { EndpointOptions } from '../delivery/endpoint-dispatch.ts';
import type { RateLimit } from '../delivery/rate-limit.ts';
import type { Route } from '../routing/route.ts';
import type { Framing } from '../formats/framing.ts';
import type { Sink } from '../delivery/sink.ts';
import type { EventFormat } from '../formats/event-format.ts';
import type { WalhookError } from '../errors/walhook-error.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import type { LeaseSession, SlotIdentity, StateStore } from './state-store.ts';
import type { FoundTransaction } from './unreadable.ts';
import type { OpenWindow, WindowBounds, WindowReader } from './window.ts';

export type SourceState = {
  readonly database: string;
  readonly slot: string;
  readonly identity: SlotIdentity;
  /** Where the slot stands: what is before is gone from it. */
  readonly slotAt: Lsn;
  /** How far the WAL is flushed: a drain's target, taken once at its start. */
  readonly flushedLsn: Lsn;
  /** The server session that shows whether this drainer still lives; null behind a pooler. */
  readonly session: LeaseSession | null;
};

/** The database that is drained, through a connection of this drain. All methods throw WalhookError. */
export interface Source {
  /** The catalog as it is from now on, with what earlier looks found: one for each pass. */
  openCatalog(memory: CatalogMemory): RelationCatalog;
  /** Throws where the slot is missing, another's, or cannot be read any more. */
  inspect(): Promise<SourceState>;
  /** A window in one answer, without a reader; null where it may be too much for that. */
  readAtOnce(bounds: WindowBounds): Promise<OpenWindow | null>;
  openReader(): Promise<WindowReader>;
  /** Tries to read what commits after `from`, on a connection of its own. */
  openTrial(from: Lsn): Promise<Trial>;
  /** Moves the slot forward; never back. */
  advance(to: Lsn): Promise<{ readonly at: Lsn; readonly flushed: Lsn }>;
}

/** Why a read failed, and the change it failed on where the server tells that. */
export type TrialFailure = { readonly error: WalhookError; readonly changeLsn: Lsn | null };

/** Reads that fetch nothing, to find out what cannot be read. All methods throw WalhookError. */
export interface Trial {
  /** null: all that commits before `uptoLsn` can be read. */
  read(uptoLsn: Lsn): Promise<TrialFailure | null>;
  /** What is known of the transaction whose commit is the record after `readableTo`. */
  describe(readableTo: Lsn, changeLsn: Lsn | null): Promise<FoundTransaction>;
  close(): Promise<void>;
}

/** Connections to source and state, for as long as they last. */
export type DrainSession = {
  readonly source: Source;
  readonly state: StateStore;
  /** `isSound`: nothing went wrong on them, so that another drain may have them. */
  readonly close: (isSound: boolean) => Promise<void>;
};

/** What a receiver may be told of where events come from. */
export type SourceAbout = { readonly database: string; readonly system: string | null };

export type EndpointSetup = {
  readonly options: Omit<EndpointOptions, 'batch'> & {
    readonly batch: Pick<EndpointOptions['batch'], 'maxEvents' | 'maxBytes' | 'transactional'>;
  };
  readonly createSink: (about: SourceAbout) => Sink;
  /** `warn` is told what an operator should know of it while it lasts. */
  readonly createLimit: (warn: (message: string) => void) => Promise<RateLimit>;
  readonly createRoute: (catalog: RelationCatalog) => Route;
  readonly createFraming: (about: SourceAbout) => Framing;
  readonly createFormat: (catalog: RelationCatalog, about: SourceAbout) => EventFormat;
  /** What a test event, a message of that prefix, leaves behind where it was taken; without it, nothing. */
  readonly testNote?: (prefix: string) => string;
  /** Endpoints with equal keys share a format: an event is written once for all of them. */
  readonly formatKey: string;
};

export interface DrainLog {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

/** The steps between which a process may die; a test stops it there. */
export type DrainStep =
  | 'lease-acquired'
  | 'window-read'
  | 'before-send'
  | 'after-send'
  | 'before-park'
  | 'after-park'
  | 'before-set-aside'
  | 'after-set-aside'
  | 'before-checkpoint'
  | 'after-checkpoint'
  | 'before-advance'
  | 'after-advance'
  | 'before-release'
  | 'after-release';
