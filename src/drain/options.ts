import type { Clock } from '../clock/clock.ts';
import type { StartSpan } from '../delivery/tracing.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import type { DrainLog, DrainSession, DrainStep, EndpointSetup } from './ports.ts';
import type { DrainReport } from './report.ts';
import type { RequestAllowance } from './request-allowance.ts';

export type DrainOptions = {
  readonly pipeline: string;
  readonly endpoints: readonly EndpointSetup[];
  /** Nothing says where events go: they would be printed, and count as delivered. */
  readonly stdoutIsFallback?: boolean;
  /** `schema.table` → its key's columns, where the configuration names them. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** The state tables' schema where it lies in the drained database, else null. */
  readonly stateSchema: string | null;
  /** null: until caught up. */
  readonly deadlineMs: number | null;
  readonly maxChanges: number;
  /** Without it, as many requests as it takes. */
  readonly requests?: RequestAllowance | undefined;
  readonly maxWindowChanges: number;
  readonly maxWindowBytes: number;
  readonly maxEventBytes: number;
  readonly leaseMs: number;
  readonly checkpointMs: number;
  readonly keepRunsMs: number;
  /** Whether a report of something that was found goes into the run history. */
  readonly isWorthKeeping: (report: DrainReport) => boolean;
  readonly clock: Clock;
  readonly log: DrainLog;
  readonly redact: (text: string) => string;
  readonly open: () => Promise<DrainSession>;
  readonly createRunId: () => string;
  /** Without it nothing is traced. */
  readonly startSpan?: StartSpan | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: DrainStep) => void | Promise<void>) | undefined;
  readonly onProgress?: ((progress: DrainProgress) => void) | undefined;
};

export type DrainProgress = {
  readonly events: number;
  readonly windows: number;
  readonly slotAt: Lsn;
  readonly readTo: Lsn;
  readonly target: Lsn;
};
