import { redactOf } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { RequestAllowance } from '../drain/request-allowance.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { problemReply } from '../http/problem.ts';
import { responseOf } from '../http/reply.ts';
import { createLogger, type LogFields, type Logger, type LogLevel } from '../observability/log.ts';
import { countingRequests } from './counted-requests.ts';
import { drainFailure, logDrained } from './drain-outcome.ts';
import { failedStart } from './failed-start.ts';
import { openHttpApp } from './http-app.ts';
import { runDrain } from './run-drain.ts';
import { workerPlatform as platform } from './worker-platform.ts';

/** Of what workerd hands to a handler, what walhook uses. */
export type WorkerContext = {
  readonly waitUntil: (promise: Promise<unknown>) => void;
};

export type WorkerBindings = Readonly<Record<string, unknown>>;

export type WorkerHandlers = {
  /** The HTTP app. */
  readonly fetch: (
    request: Request,
    env: WorkerBindings,
    context: WorkerContext,
  ) => Promise<Response>;
  /** Drains. Rejects where that failed, so that the platform lists the run as failed. */
  readonly scheduled: (
    event: unknown,
    env: WorkerBindings,
    context: WorkerContext,
  ) => Promise<void>;
};

export type WorkerSetup = {
  readonly config: ResolvedConfig;
  /** Of the configuration: said once an isolate. */
  readonly warnings: readonly string[];
  readonly logLevel: LogLevel;
};

/**
 * `load` is asked with each invocation, and remembers. Everything else is made anew for each: workerd
 * lets no invocation use the sockets, timers or promises of another.
 */
export function workerHandlers(load: (env: WorkerBindings) => WorkerSetup): WorkerHandlers {
  const warned = new WeakSet<WorkerSetup>();

  function loaded(env: WorkerBindings, bindings: LogFields): WorkerSetup {
    try {
      return load(env);
    } catch (error) {
      throw failedStart(error, { variables: env, write: writeLine, bindings });
    }
  }

  function start(
    env: WorkerBindings,
    bindings: LogFields = {},
  ): { readonly config: ResolvedConfig; readonly log: Logger } {
    const setup = loaded(env, bindings);
    const { config, logLevel: level, warnings } = setup;
    const redact = redactOf(config);
    const log = createLogger({ level, format: 'json', write: writeLine, redact });
    if (!warned.has(setup)) for (const warning of warnings) log.warn(warning);
    warned.add(setup);
    return { config, log };
  }

  return {
    async fetch(request, env, context) {
      const requestId = crypto.randomUUID();
      const started = attempt(() => start(env, { request_id: requestId }));
      if ('error' in started) {
        const reply = problemReply(withoutParticulars(started.error), requestId);
        return responseOf(reply, (text) => text);
      }
      const { config, log } = started.value;
      // What a redrive sends counts as well as what a drain does.
      const requests = new RequestAllowance(config.drain.maxRequests ?? Infinity);
      const app = openHttpApp({
        config,
        log,
        platform: countingRequests(platform, requests),
        signal: new AbortController().signal,
        // Whoever calls a worker, it is another machine.
        isLoopback: () => false,
      });
      const answer = app.fetch(request);
      // A drain goes on when its caller hangs up.
      context.waitUntil(answer);
      return answer;
    },

    async scheduled(_event, env, context) {
      const { config, log } = start(env);
      const run = runDrain({ config, platform, log });
      context.waitUntil(run);
      const report = await run;
      logDrained(log, report);
      const failure = drainFailure(report);
      if (failure !== null) throw failure;
    },
  };
}

function writeLine(line: string): void {
  // oxlint-disable-next-line no-console -- a worker has no other log
  console.log(line.trimEnd());
}

type Attempt<T> = { readonly value: T } | { readonly error: unknown };

function attempt<T>(make: () => T): Attempt<T> {
  try {
    return { value: make() };
  } catch (error) {
    return { error };
  }
}

/** Nobody has shown a token yet: what is wrong is for the log. */
function withoutParticulars(error: unknown): unknown {
  if (!(error instanceof WalhookError)) return error;
  return new WalhookError(error.code, 'the worker cannot start; its log says why');
}
