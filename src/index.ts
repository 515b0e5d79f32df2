import type { Overrides } from './config/environment.ts';
import type { Environment } from './config/environment-variables.ts';
import { loadConfig } from './config/load.ts';
import { type ParsedConfig, parseConfig } from './config/parse.ts';
import type { WalhookConfig } from './config/schema.ts';
import type { DrainLog } from './drain/ports.ts';
import type { DrainReport } from './drain/report.ts';
import { nodePlatform } from './runtime/node-platform.ts';
import { runDrain } from './runtime/run-drain.ts';

export { ConfigError, type Problem } from './config/config-error.ts';
export { defineConfig, env } from './config/define.ts';
export type { WalhookConfig } from './config/schema.ts';
export type { DrainLog } from './drain/ports.ts';
export type { DrainReport, DrainStatus, EndpointReport, ReportedError } from './drain/report.ts';
export type { ErrorCode } from './errors/catalogue.ts';
export { WalhookError } from './errors/walhook-error.ts';

export type DrainCallOptions = {
  /** Asks the drain to stop: what is in flight ends, progress is saved. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; over the configuration's `drain.deadlineMs`. */
  readonly deadlineMs?: number | undefined;
  readonly maxChanges?: number | undefined;
  /** Overrides the configuration as it does the command line's; default: `process.env`. */
  readonly env?: Environment | undefined;
  /** Default: nothing is logged. */
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
  const { signal, env: variables = process.env, log = silent, deadlineMs, maxChanges } = options;
  const parsed = await parse(config ?? null, variables, { deadlineMs, maxChanges });
  for (const warning of parsed.warnings) log.warn(warning);
  return runDrain({ config: parsed.config, platform: nodePlatform, log, signal });
}

async function parse(
  config: WalhookConfig | null,
  env: Environment,
  overrides: Overrides,
): Promise<ParsedConfig> {
  if (config !== null) return parseConfig(config, env, overrides);
  return loadConfig({ env, cwd: process.cwd(), overrides });
}

const silent: DrainLog = { debug: () => undefined, info: () => undefined, warn: () => undefined };
