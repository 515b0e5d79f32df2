import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app-env.ts';
import { basicPassword, bearerToken } from './credentials.ts';
import type { HttpTools } from './http-tools.ts';
import { RequestError } from './request-error.ts';
import { foreignness } from './same-machine.ts';
import { tokenCheck } from './token-check.ts';

/** A browser sends what it was told once along with every request, whoever makes it: this path only reads. */
const BROWSER_PATH = '/';

/**
 * Lets pass who shows a token; without any configured, who calls from this machine. Whether a route
 * exists is for those alone, too. Throws unauthorized, token_missing.
 */
export function authorize({ tokens, isLoopback }: HttpTools): MiddlewareHandler<AppEnv> {
  const isToken = tokenCheck(tokens);
  return async (context, next) => {
    const request = context.req.raw;
    if (tokens.length === 0) {
      const reason = isLoopback(request, context.env)
        ? foreignness(request)
        : 'the connection comes from another machine';
      if (reason !== null) {
        throw new RequestError('token_missing', `no token is configured, and ${reason}`);
      }
      return next();
    }
    const authorization = request.headers.get('authorization');
    const isForBrowsers = context.req.path === BROWSER_PATH;
    const password = isForBrowsers ? basicPassword(authorization) : null;
    const shown = bearerToken(authorization) ?? password;
    if (shown === null || !(await isToken(shown))) throw unauthorized(isForBrowsers);
    return next();
  };
}

function unauthorized(isForBrowsers: boolean): RequestError {
  const scheme = isForBrowsers ? 'Basic' : 'Bearer';
  return new RequestError('unauthorized', 'the request shows no valid token', {
    headers: { 'www-authenticate': `${scheme} realm="walhook"` },
  });
}
