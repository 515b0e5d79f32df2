import type { Position } from '../changes/position.ts';
import type { RelationMark } from '../changes/relation-mark.ts';
import type { Operation } from './tally.ts';

/** What is known of one event in a parked body, so that it can be sent or set aside alone. */
export type ParkedEvent = {
  readonly position: Position;
  /** Where its text stands in the body. */
  readonly start: number;
  readonly end: number;
  readonly schema: string | null;
  readonly table: string | null;
  readonly operation: Operation;
};

/** The lanes it stands in, and how lanes were numbered: under another numbering they say nothing. */
export type ParkedLanes = {
  readonly numbering: string;
  readonly lanes: readonly number[];
  /** Whose events it holds, as they were described then (known-relations.ts); absent in old ones. */
  readonly relations?: readonly RelationMark[];
};

/** A request that waits in the state tables for an endpoint that is down. */
export type ParkedBatch = {
  readonly endpoint: string;
  readonly batchId: string;
  readonly lanes: ParkedLanes;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly events: readonly ParkedEvent[];
};

export type StoredParkedBatch = ParkedBatch & {
  /** Grows in the order in which batches are to be sent. */
  readonly id: bigint;
  /** Places of events that were settled when a drain ended in the middle of sending it. */
  readonly settled: readonly number[];
};
