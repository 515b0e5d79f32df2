import type { Clock } from '../clock/clock.ts';
import type { Redact } from '../config/redact.ts';
import type { DrainLog, EndpointSetup } from '../drain/ports.ts';
import type { DrainReport } from '../drain/report.ts';
import type { PipelineAccess } from '../operations/pipeline.ts';

/** What a trigger may ask for; undefined: as configured. */
export type DrainLimits = {
  readonly deadlineMs: number | undefined;
  readonly maxChanges: number | undefined;
};

export type WithPipeline = <T>(use: (access: PipelineAccess) => Promise<T>) => Promise<T>;

/** What the HTTP app is handed by whoever starts it. */
export type HttpTools = {
  readonly pipeline: string;
  readonly endpoints: readonly EndpointSetup[];
  /** Any of them opens every route; without one, only who calls from the same machine is answered. */
  readonly tokens: readonly string[];
  /** Whether the peer of the connection, not what a header says of it, is this machine. */
  readonly isLoopback: (request: Request, env: unknown) => boolean;
  /** Never rejects but for a configuration that this platform cannot run. */
  readonly drain: (limits: DrainLimits, log: DrainLog) => Promise<DrainReport>;
  /** Connections of one's own, for as long as `use` runs. */
  readonly withPipeline: WithPipeline;
  /** The same, for whoever asks whether there is a database at all: it gives up early. */
  readonly withPipelineSoon: WithPipeline;
  /** The text that Prometheus reads. */
  readonly renderMetrics: () => Promise<string>;
  /** Aborts when the server is to end: a redrive stops after what it is sending. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: DrainLog;
  readonly redact: Redact;
};
