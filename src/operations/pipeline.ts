import type { ParkingBounds } from '../delivery/parking.ts';
import type { StateStore } from '../drain/state-store.ts';
import type { Thresholds } from '../health/thresholds.ts';
import type { SourceDatabase } from './source-database.ts';

/** What the operations know a pipeline by. */
export type Pipeline = {
  readonly name: string;
  readonly slot: string;
  readonly publication: string;
  readonly stateSchema: string;
  /** Whether the state tables lie in the drained database. */
  readonly stateIsBeside: boolean;
  readonly endpoints: readonly string[];
  /** Endpoints that know a row by its key's values joined to one text, in which two keys may be one. */
  readonly joinedIds: readonly string[];
  /** By endpoint: what may be parked for it before it holds the slot. */
  readonly parkingBounds: ReadonlyMap<string, ParkingBounds>;
  /** The only endpoint is standard output, because nothing says where events go. */
  readonly stdoutIsFallback: boolean;
  /** From where on an amount is too much. */
  readonly thresholds: Thresholds;
};

/** An open connection to a pipeline's database and one to its state. */
export type PipelineAccess = {
  readonly pipeline: Pipeline;
  readonly database: SourceDatabase;
  readonly state: StateStore;
};

/** Never published, never delivered: a drain's own notes would be the next drain's events. */
export function ownSchema({ stateIsBeside, stateSchema }: Pipeline): string | null {
  return stateIsBeside ? stateSchema : null;
}
