import { workingDirectory } from '../config/working-directory.ts';
import { ConfigError, type Problem } from '../config/config-error.ts';
import type { Environment } from '../config/environment-variables.ts';
import { loadConfig } from '../config/load.ts';
import { parseConfig } from '../config/parse.ts';
import type { WalhookConfig } from '../config/schema.ts';
import { type LambdaHandler, lambdaHandler, type LambdaSetup } from '../runtime/lambda-handler.ts';
import { logLevelOf } from '../runtime/log-level.ts';
import { nodePlatform } from '../runtime/node-platform.ts';

export { defineConfig, env } from '../config/define.ts';
export type { WalhookConfig } from '../config/schema.ts';
export type { LambdaAnswer, LambdaDrained, LambdaHandler } from '../runtime/lambda-handler.ts';
export type { LambdaContext } from '../runtime/lambda-time.ts';

export type LambdaOptions = {
  /** Kept of an invocation's time for ending; at most half of it counts. Default: 8,000 ms. */
  readonly marginMs?: number | undefined;
  /**
   * A drain by HTTP ends after this time unless its request asks for another. Default: 20,000 ms,
   * for API Gateway waits 30 seconds; a function URL waits as long as the function runs.
   */
  readonly httpDeadlineMs?: number | undefined;
  /** Whether an invocation fails where an endpoint takes nothing and its events wait. Default: true. */
  readonly failOnHeld?: boolean | undefined;
  /** Overrides the configuration as it does the command line's. Default: `process.env`. */
  readonly env?: Environment | undefined;
};

/** The longest that a function may run. */
const MAX_MS = 900_000;

/**
 * A handler for AWS Lambda: HTTP events (API Gateway, function URLs) go to the HTTP app, everything
 * else, EventBridge schedules above all, makes a drain that ends before the function's timeout.
 * Without a configuration it is read as the command line does: `walhook.config.*`, the environment.
 * The handler rejects with what made a drain fail, and with ConfigError.
 * @throws ConfigError for options that are wrong
 * @see docs/lambda.md
 */
export function createHandler(
  config?: WalhookConfig | null,
  options: LambdaOptions = {},
): LambdaHandler {
  const { env: variables = process.env, failOnHeld = true } = options;
  const { marginMs = 8_000, httpDeadlineMs = 20_000 } = options;
  const problems = [
    ...timeProblems('marginMs', marginMs, 0),
    ...timeProblems('httpDeadlineMs', httpDeadlineMs, 1),
  ];
  if (problems.length > 0) throw new ConfigError(problems, 'the options of createHandler');
  return lambdaHandler({
    load: remembered(() => setUp(config ?? null, variables)),
    variables,
    platform: nodePlatform,
    marginMs,
    httpDeadlineMs,
    failOnHeld,
    write: (line) => process.stdout.write(line),
  });
}

/** By `walhook.config.*` beside it and the environment. */
export const handler: LambdaHandler = createHandler();

function timeProblems(path: string, ms: number, min: number): Problem[] {
  if (Number.isInteger(ms) && ms >= min && ms <= MAX_MS) return [];
  return [
    { path, got: String(ms), wants: `milliseconds, a whole number from ${min} to ${MAX_MS}` },
  ];
}

async function setUp(config: WalhookConfig | null, variables: Environment): Promise<LambdaSetup> {
  const logLevel = logLevelOf(variables);
  const parsed =
    config === null
      ? await loadConfig({ env: variables, cwd: workingDirectory() })
      : parseConfig(config, variables);
  return { ...parsed, logLevel };
}

/** What failed is tried again: a container lives on after an invocation that went wrong. */
function remembered<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = null;
      throw error;
    });
    return loaded;
  };
}
