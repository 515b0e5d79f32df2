import type { PipelineHeadway } from '../drain/headway.ts';
import type { LeaseRecord, PipelineRecord, RunRecord } from '../drain/state-store.ts';
import type { SkipRecord } from '../drain/skip.ts';
import type { WalhookError } from '../errors/walhook-error.ts';
import type { KeptEndpoints } from './endpoint-status.ts';
import type { Pipeline } from './pipeline.ts';
import type { PublicationFacts, ServerFacts, ServerLimits, SlotFacts } from './source-database.ts';

/** A pipeline as it was found: all that is said of it, and of its health, is made of this. */
export type Examination = {
  readonly pipeline: Pipeline;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** null where the database did not tell. */
  readonly source: SourceFindings | null;
  readonly progress: ProgressFindings;
};

export type SourceFindings = {
  readonly server: ServerFacts;
  readonly limits: ServerLimits;
  readonly slot: SlotFacts | null;
  readonly publication: PublicationFacts | null;
  /** What every drain would refuse of it. */
  readonly refusals: readonly WalhookError[];
};

export type ProgressFindings = {
  readonly record: PipelineRecord | null;
  readonly lease: LeaseRecord | null;
  readonly endpoints: KeptEndpoints;
  readonly headway: PipelineHeadway | null;
  /** The latest first. */
  readonly runs: readonly RunRecord[];
  /** Transactions that are to be passed over, or were: the latest. */
  readonly skips: readonly SkipRecord[];
  /** Why nothing is known of the progress, if so. */
  readonly problem: WalhookError | null;
};
