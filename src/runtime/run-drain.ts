import { randomUUID } from 'node:crypto';
import { createRedact } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { drain } from '../drain/drain.ts';
import type { DrainOptions } from '../drain/options.ts';
import type { DrainLog } from '../drain/ports.ts';
import type { DrainReport } from '../drain/report.ts';
import { openDrainSession } from './connections.ts';
import { endpointSetup, type Platform } from './endpoints.ts';

export type RunDrainOptions = {
  readonly config: ResolvedConfig;
  readonly platform: Platform;
  readonly log: DrainLog;
  /** Asks the drain to stop: what is in flight ends, progress is saved. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: DrainOptions['onProgress'];
  readonly onStep?: DrainOptions['onStep'];
};

/** One drain as configured. Never rejects: what went wrong is in the report. */
export function runDrain(options: RunDrainOptions): Promise<DrainReport> {
  const { config, platform, log, signal, onProgress, onStep } = options;
  const { drain: limits } = config;
  const transport = limits.reader === 'rows' ? 'rows' : 'copy';
  return drain({
    pipeline: config.pipeline,
    endpoints: config.endpoints.map((endpoint) => endpointSetup(endpoint, config, platform)),
    keys: new Map(Object.entries(config.keys)),
    stateSchema: config.state.url === undefined ? config.state.schema : null,
    deadlineMs: limits.deadlineMs === 0 ? null : limits.deadlineMs,
    maxChanges: limits.maxChanges ?? Infinity,
    maxWindowChanges: limits.maxWindowChanges,
    maxWindowBytes: limits.maxWindowBytes,
    maxEventBytes: limits.maxEventBytes,
    leaseMs: limits.leaseMs,
    checkpointMs: limits.checkpointMs,
    keepRunsMs: config.state.keepRunsMs,
    clock: platform.clock,
    log,
    redact: createRedact(config),
    open: () => openDrainSession(config, transport, () => platform.clock.now()),
    createRunId: randomUUID,
    signal,
    onProgress,
    onStep,
  });
}
