import { randomUUID } from 'node:crypto';
import { createRedact, type Redact } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { drain } from '../drain/drain.ts';
import type { DrainOptions } from '../drain/options.ts';
import type { DrainLog } from '../drain/ports.ts';
import type { DrainReport } from '../drain/report.ts';
import { RequestAllowance } from '../drain/request-allowance.ts';
import { openTelemetry } from '../observability/open-telemetry.ts';
import { tellAfterDrain } from './alerts.ts';
import { alertChannels } from './alert-channels.ts';
import { connectionNotice } from './connection-notice.ts';
import { openDrainSession } from './connections.ts';
import { countingRequests } from './counted-requests.ts';
import { endpointSetup } from './endpoints.ts';
import type { Platform } from './platform.ts';

export type RunDrainOptions = {
  readonly config: ResolvedConfig;
  readonly platform: Platform;
  readonly log: DrainLog;
  /** Asks the drain to stop: what is in flight ends, progress is saved. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: DrainOptions['onProgress'];
  readonly onStep?: DrainOptions['onStep'];
};

/**
 * One drain as configured, and the alerts that it gives cause to. What goes wrong is in the report;
 * rejects only with config_invalid, before anything is done, for what this platform does not have.
 */
export async function runDrain(options: RunDrainOptions): Promise<DrainReport> {
  const { config, log } = options;
  const redact = createRedact(config);
  const allowed = config.drain.maxRequests ?? Infinity;
  const forAlerts = Math.min(config.alerts.length, allowed - 1);
  const requests = new RequestAllowance(allowed - forAlerts);
  const platform = countingRequests(options.platform, requests);
  const channels = alertChannels(config, platform);
  try {
    const report = await drainOnce({ ...options, platform }, requests, redact);
    requests.add(forAlerts);
    await tellAfterDrain(report, { config, channels, clock: platform.clock, log, redact });
    return report;
  } finally {
    await Promise.all(channels.map((channel) => channel.close()));
  }
}

async function drainOnce(
  options: RunDrainOptions,
  requests: RequestAllowance,
  redact: Redact,
): Promise<DrainReport> {
  const { config, platform, log, signal, onProgress, onStep } = options;
  const { drain: limits } = config;
  const tellOf = connectionNotice(log);
  const transport = limits.reader === 'auto' ? platform.transport : limits.reader;
  return drain({
    pipeline: config.pipeline,
    endpoints: config.endpoints.map((endpoint) => endpointSetup(endpoint, config, platform)),
    keys: new Map(Object.entries(config.keys)),
    stateSchema: config.state.url === undefined ? config.state.schema : null,
    deadlineMs: limits.deadlineMs === 0 ? null : limits.deadlineMs,
    maxChanges: limits.maxChanges ?? Infinity,
    requests,
    maxWindowChanges: limits.maxWindowChanges,
    maxWindowBytes: limits.maxWindowBytes,
    maxEventBytes: limits.maxEventBytes,
    leaseMs: limits.leaseMs,
    checkpointMs: limits.checkpointMs,
    keepRunsMs: config.state.keepRunsMs,
    clock: platform.clock,
    log,
    redact,
    open: () => openDrainSession(config, transport, () => platform.clock.now(), tellOf),
    createRunId: randomUUID,
    startSpan: await openTelemetry(),
    signal,
    onProgress,
    onStep,
  });
}
