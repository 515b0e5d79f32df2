import type { MiddlewareHandler } from 'hono';
import type { DrainLog } from '../drain/ports.ts';
import type { AppEnv } from './app-env.ts';
import type { HttpTools } from './http-tools.ts';

/** Called every few seconds by machines that nobody wants to read about. */
const ROUTINE = new Set(['/health', '/ready', '/metrics']);

const MAX_PATH_IN_LOG = 200;

/** Gives each request an id, its answer the headers that every answer has, and the log a line. */
export function accompany({ log, clock, redact }: HttpTools): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const startedAt = clock.now();
    const requestId = requestIdOf(context.req.raw);
    const requestLog = withFields(log, { request_id: requestId });
    context.set('requestId', requestId);
    context.set('log', requestLog);
    await next();
    const { status, headers } = context.res;
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!headers.has(name)) headers.set(name, value);
    }
    headers.set('x-request-id', requestId);
    const { method } = context.req;
    const path = redact(context.req.path).slice(0, MAX_PATH_IN_LOG);
    const fields = { method, path, status, duration_ms: Math.round(clock.now() - startedAt) };
    if (context.error !== undefined && status >= 500) {
      requestLog.warn('request failed', { ...fields, error: context.error });
    } else if (status === 401 || status === 403) requestLog.warn('request refused', fields);
    else if (ROUTINE.has(path)) requestLog.debug('request', fields);
    else requestLog.info('request', fields);
  };
}

/** One that the caller chose, so that both logs can be read together, if it is harmless. */
function requestIdOf({ headers }: Request): string {
  const given = headers.get('x-request-id') ?? '';
  return /^[\w.:=/+-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}

function withFields(log: DrainLog, bindings: Readonly<Record<string, unknown>>): DrainLog {
  return {
    debug: (message, fields) => log.debug(message, { ...bindings, ...fields }),
    info: (message, fields) => log.info(message, { ...bindings, ...fields }),
    warn: (message, fields) => log.warn(message, { ...bindings, ...fields }),
  };
}

/** TLS ends elsewhere: whoever ends it sets Strict-Transport-Security. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
