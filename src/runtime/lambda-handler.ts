import { Hono } from 'hono';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import type { Environment } from '../config/environment-variables.ts';
import { redactOf } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainReport } from '../drain/report.ts';
import { createLogger, type Logger, type LogLevel } from '../observability/log.ts';
import { drainFailure, logDrained } from './drain-outcome.ts';
import { failedStart } from './failed-start.ts';
import { openHttpApp } from './http-app.ts';
import { type LambdaContext, type WorkingTime, workingTime } from './lambda-time.ts';
import type { Platform } from './platform.ts';
import { runDrain } from './run-drain.ts';

export type LambdaTools = {
  /** Called with every invocation; it remembers. */
  readonly load: () => Promise<LambdaSetup>;
  /** What it loads from. */
  readonly variables: Environment;
  readonly platform: Platform;
  /** Kept of an invocation's time for ending, in milliseconds. */
  readonly marginMs: number;
  /** A drain by HTTP ends after this time unless its caller asks for another. */
  readonly httpDeadlineMs: number;
  readonly failOnHeld: boolean;
  /** Gets one line of the log at a time. */
  readonly write: (line: string) => void;
};

export type LambdaSetup = {
  readonly config: ResolvedConfig;
  /** Of the configuration: said once a container. */
  readonly warnings: readonly string[];
  readonly logLevel: LogLevel;
};

/** What EventBridge and whoever invokes the function gets; it may be kept as the run's result. */
export type LambdaDrained = Pick<
  DrainReport,
  'run_id' | 'status' | 'events' | 'transactions' | 'lag_bytes' | 'duration_ms'
>;

export type LambdaAnswer = Awaited<ReturnType<ReturnType<typeof handle>>>;

export type LambdaHandler = (
  event: unknown,
  context: LambdaContext,
) => Promise<LambdaDrained | LambdaAnswer>;

type Invocation = {
  readonly config: ResolvedConfig;
  readonly platform: Platform;
  readonly log: Logger;
  readonly time: WorkingTime;
};

/**
 * HTTP events (API Gateway, function URLs, load balancers) → the HTTP app; all others → a drain.
 * Connections and timers are of one invocation: in between, the container is frozen or gone.
 */
export function lambdaHandler(tools: LambdaTools): LambdaHandler {
  const { platform, write, marginMs, variables } = tools;
  let isWarned = false;
  return async (event, context) => {
    const bindings = { aws_request_id: context.awsRequestId };
    const { config, warnings, logLevel } = await tools.load().catch((error: unknown) => {
      throw failedStart(error, { variables, write, bindings });
    });
    const redact = redactOf(config);
    const log = createLogger({ level: logLevel, format: 'json', write, redact, bindings });
    if (!isWarned) for (const warning of warnings) log.warn(warning);
    isWarned = true;
    const time = workingTime(context, marginMs, platform.clock);
    const invocation = { config, platform, log, time };
    try {
      if (isHttpEvent(event)) return await answer(event, invocation, tools.httpDeadlineMs);
      return await drainAndTell(invocation, tools.failOnHeld);
    } finally {
      time.dispose();
    }
  };
}

/** Whatever has the context of a request, but for a destination's record: its request is an invocation. */
function isHttpEvent(event: unknown): event is LambdaEvent {
  if (typeof event !== 'object' || event === null || !('requestContext' in event)) return false;
  const { requestContext: context } = event;
  if (typeof context !== 'object' || context === null) return false;
  return !('functionArn' in context && 'requestPayload' in event);
}

/** What goes wrong is in the answer: a rejection would become a bare 502. */
function answer(
  event: LambdaEvent,
  { config, platform, log, time }: Invocation,
  httpDeadlineMs: number,
): Promise<LambdaAnswer> {
  const app = openHttpApp({
    config: endingAfter(config, Math.min(time.ms, httpDeadlineMs)),
    platform,
    log,
    signal: time.signal,
    // Whoever calls the function, it is another machine.
    isLoopback: () => false,
  });
  return handle(new Hono().all('*', ({ req }) => app.fetch(req.raw)))(event);
}

/** Rejects where a drain got nowhere, so that retries, alarms and destinations come to know. */
async function drainAndTell(
  { config, platform, log, time }: Invocation,
  failOnHeld: boolean,
): Promise<LambdaDrained> {
  const report = await runDrain({
    config: endingAfter(config, time.ms),
    platform,
    log,
    signal: time.signal,
  });
  logDrained(log, report);
  const failure = drainFailure(report);
  if (failure !== null && (report.status !== 'held' || failOnHeld)) throw failure;
  const { run_id, status, events, transactions, lag_bytes, duration_ms } = report;
  return { run_id, status, events, transactions, lag_bytes, duration_ms };
}

/** A shorter deadline of the configuration's own stays. */
function endingAfter(config: ResolvedConfig, ms: number): ResolvedConfig {
  const own = config.drain.deadlineMs === 0 ? Infinity : config.drain.deadlineMs;
  const deadlineMs = Math.max(1, Math.floor(Math.min(own, ms)));
  return { ...config, drain: { ...config.drain, deadlineMs } };
}
