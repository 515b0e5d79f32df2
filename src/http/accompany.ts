import { sinceNow } from '../clock/steady-clock.ts';
import type { MiddlewareHandler } from 'hono';
import type { DrainLog } from '../drain/ports.ts';
import { ANSWER_HEADERS } from './answer-headers.ts';
import type { AppEnv } from './app-env.ts';
import type { HttpTools } from './http-tools.ts';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts';

/** Called every few seconds by machines that nobody wants to read about. */
const ROUTINE = new Set(['/health', '/ready', '/metrics']);

const MAX_PATH_IN_LOG = 200;

/** Gives each request an id, its answer the headers that every answer has, and the log a line. */
export function accompany({ log, clock, redact }: HttpTools): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const elapsedMs = sinceNow(clock);
    const requestId = requestIdOf(context.req.raw);
    const requestLog = withFields(log, { request_id: requestId });
    context.set('requestId', requestId);
    context.set('log', requestLog);
    await next();
    const { status, headers } = context.res;
    for (const [name, value] of Object.entries(ANSWER_HEADERS)) {
      if (!headers.has(name)) headers.set(name, value);
    }
    headers.set(REQUEST_ID_HEADER, requestId);
    const { method } = context.req;
    const path = redact(context.req.path).slice(0, MAX_PATH_IN_LOG);
    const fields = { method, path, status, duration_ms: Math.round(elapsedMs()) };
    if (context.error !== undefined && status >= 500) {
      requestLog.warn('request failed', { ...fields, error: context.error });
    } else if (status === 401 || status === 403) requestLog.warn('request refused', fields);
    else if (ROUTINE.has(path)) requestLog.debug('request', fields);
    else requestLog.info('request', fields);
  };
}

function withFields(log: DrainLog, bindings: Readonly<Record<string, unknown>>): DrainLog {
  return {
    debug: (message, fields) => log.debug(message, { ...bindings, ...fields }),
    info: (message, fields) => log.info(message, { ...bindings, ...fields }),
    warn: (message, fields) => log.warn(message, { ...bindings, ...fields }),
  };
}
