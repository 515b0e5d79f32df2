import { redactOf } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainLog } from '../drain/ports.ts';
import { isWalhookError } from '../errors/walhook-error.ts';
import { createHttpApp, type HttpApp } from '../http/app.ts';
import type { HttpTools } from '../http/http-tools.ts';
import { readMetrics, unreachableMetrics } from '../operations/metrics.ts';
import { withPipeline } from './administration.ts';
import type { Drainer } from './drainer.ts';
import { endpointSetup } from './endpoints.ts';
import type { Platform } from './platform.ts';
import { runDrain } from './run-drain.ts';

export type HttpAppOptions = {
  readonly config: ResolvedConfig;
  readonly platform: Platform;
  readonly log: DrainLog;
  /** Aborts when the server is to end: drains and redrives stop after what is in flight. */
  readonly signal: AbortSignal;
  readonly isLoopback: HttpTools['isLoopback'];
  /** Of whoever else drains in this process; without it, each drain is by itself. */
  readonly drainer?: Drainer | undefined;
};

/** A person or a probe waits for the answer. */
const SOON_MS = 2_000;

/** The HTTP app over this configuration. It keeps no connection between requests. */
export function openHttpApp({
  config,
  platform,
  log,
  signal,
  isLoopback,
  drainer,
}: HttpAppOptions): HttpApp {
  const { clock } = platform;
  const soon = withConnectTimeout(config, SOON_MS);
  return createHttpApp({
    pipeline: config.pipeline,
    endpoints: config.endpoints.map((endpoint) => endpointSetup(endpoint, config, platform)),
    tokens: config.http.tokens,
    isLoopback,
    drain: (limits, requestLog) =>
      drainer === undefined
        ? runDrain({ config, platform, log: requestLog, limits, signal })
        : drainer.drain({ log: requestLog, limits, signal }),
    withPipeline: (use) => withPipeline(config, platform, use),
    withPipelineSoon: (use) => withPipeline(soon, platform, use),
    renderMetrics: () => renderMetrics(soon, platform),
    signal,
    clock,
    log,
    redact: redactOf(config),
  });
}

function withConnectTimeout(config: ResolvedConfig, atMostMs: number): ResolvedConfig {
  const connectTimeoutMs = Math.min(config.database.connectTimeoutMs, atMostMs);
  return { ...config, database: { ...config.database, connectTimeoutMs } };
}

/** A scrape of a pipeline whose database is away succeeds, and says so. */
async function renderMetrics(config: ResolvedConfig, platform: Platform): Promise<string> {
  try {
    return await withPipeline(config, platform, (access) =>
      readMetrics(access, platform.clock.now()),
    );
  } catch (error) {
    if (!isWalhookError(error)) throw error;
    return unreachableMetrics(config.pipeline);
  }
}
