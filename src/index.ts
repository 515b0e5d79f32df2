import type { Overrides } from './config/environment.ts';
import type { Environment } from './config/environment-variables.ts';
import { loadConfig } from './config/load.ts';
import { type ParsedConfig, parseConfig } from './config/parse.ts';
import { redactOf } from './config/redact.ts';
import type { WalhookConfig } from './config/schema.ts';
import { withTlsFiles } from './config/tls-files.ts';
import { workingDirectory } from './config/working-directory.ts';
import type { DrainLog } from './drain/ports.ts';
import type { DrainReport } from './drain/report.ts';
import type { HttpApp } from './http/app.ts';
import { redactedLog } from './observability/redacted-log.ts';
import { openHttpApp } from './runtime/http-app.ts';
import { isLoopbackPeer } from './runtime/node-peer.ts';
import { nodePlatform } from './runtime/node-platform.ts';
import { runDrain } from './runtime/run-drain.ts';

export { ConfigError, type Problem } from './config/config-error.ts';
export { defineConfig, env } from './config/define.ts';
export type { WalhookConfig } from './config/schema.ts';
export type { DrainLog } from './drain/ports.ts';
export type { DrainReport, DrainStatus, EndpointReport, ReportedError } from './drain/report.ts';
export type { ErrorCode } from './errors/catalogue.ts';
export { WalhookError } from './errors/walhook-error.ts';
export type { HttpApp } from './http/app.ts';
export type { Condition } from './routing/condition.ts';
export type { FilterEvent } from './routing/filter-event.ts';
export type { TransformEvent } from './routing/transform-event.ts';

export type DrainCallOptions = {
  /** Asks the drain to stop: what is in flight ends, progress is saved. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; over the configuration's `drain.deadlineMs`. */
  readonly deadlineMs?: number | undefined;
  readonly maxChanges?: number | undefined;
  /** Overrides the configuration as it does the command line's; default: `process.env`. */
  readonly env?: Environment | undefined;
  /** Is told no secret of the configuration. Default: nothing is logged. */
  readonly log?: DrainLog | undefined;
};

/**
 * One drain: delivers what was committed up to now and moves the slot past what was confirmed.
 * Without a configuration it is read as the command line does: `walhook.config.*`, the environment.
 * What goes wrong in the drain is in the report.
 * @throws ConfigError with everything that is wrong with the configuration
 */
export async function drain(
  config?: WalhookConfig | null,
  options: DrainCallOptions = {},
): Promise<DrainReport> {
  const { signal, env: variables = process.env, deadlineMs, maxChanges } = options;
  const parsed = await parse(config ?? null, variables, { deadlineMs, maxChanges });
  const log = logOf(parsed, options);
  for (const warning of parsed.warnings) log.warn(warning);
  return runDrain({ config: parsed.config, platform: nodePlatform, log, signal });
}

export type AppCallOptions = Pick<DrainCallOptions, 'env' | 'log'> & {
  /** Aborts when the server is to end: drains stop after what is in flight. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the peer of a request is this machine, which is all that an app without a token answers.
   * Default: by the socket, where the app is served by @hono/node-server; else no.
   */
  readonly isLoopback?: ((request: Request, env: unknown) => boolean) | undefined;
};

/**
 * The HTTP app: drain trigger, health, metrics, operations, dashboard, as docs/http-api.md has them.
 * Its `fetch` suits every server that speaks Request and Response.
 * Without a configuration it is read as the command line does: `walhook.config.*`, the environment.
 * @throws ConfigError with everything that is wrong with the configuration
 */
export async function createApp(
  config?: WalhookConfig | null,
  options: AppCallOptions = {},
): Promise<HttpApp> {
  const { env: variables = process.env, isLoopback = isLoopbackPeer } = options;
  const parsed = await parse(config ?? null, variables, {});
  const log = logOf(parsed, options);
  for (const warning of parsed.warnings) log.warn(warning);
  const signal = options.signal ?? new AbortController().signal;
  return openHttpApp({ config: parsed.config, platform: nodePlatform, log, signal, isLoopback });
}

async function parse(
  config: WalhookConfig | null,
  env: Environment,
  overrides: Overrides,
): Promise<ParsedConfig> {
  if (config !== null) return withTlsFiles(parseConfig(config, env, overrides));
  return loadConfig({ env, cwd: workingDirectory(), overrides });
}

function logOf({ config }: ParsedConfig, { log }: Pick<DrainCallOptions, 'log'>): DrainLog {
  return log === undefined ? silent : redactedLog(log, redactOf(config));
}

const silent: DrainLog = { debug: () => undefined, info: () => undefined, warn: () => undefined };
