import type { Context, Hono } from 'hono';
import type { Redact } from '../config/redact.ts';
import type { AppEnv } from './app-env.ts';
import { readJsonBody } from './read-body.ts';
import { responseOf } from './reply.ts';
import { RequestError } from './request-error.ts';
import type { Route } from './route.ts';

/** Makes the routes reachable; of a path that exists, other methods are refused by its name. */
export function mount(app: Hono<AppEnv>, routes: readonly Route[], redact: Redact): void {
  for (const [path, onPath] of [...byPath(routes)].sort(literalFirst)) {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const allow = allowOf(onPath);
    app.all(pattern, async (context) => {
      const { method } = context.req;
      if (method === 'OPTIONS') {
        return responseOf({ status: 204, nothing: true, headers: { allow } }, redact);
      }
      const route = onPath.find((each) => answers(each, method));
      if (route === undefined) {
        throw new RequestError('method_not_allowed', `${path} knows ${allow}`, {
          headers: { allow },
        });
      }
      return responseOf(await respond(route, context), redact);
    });
  }
}

function byPath(routes: readonly Route[]): Map<string, Route[]> {
  const paths = new Map<string, Route[]>();
  for (const route of routes) {
    const known = paths.get(route.path);
    if (known === undefined) paths.set(route.path, [route]);
    else known.push(route);
  }
  return paths;
}

/** `/api/dead-letters/redrive` is no `/api/dead-letters/{id}`. */
function literalFirst([one]: [string, unknown], [other]: [string, unknown]): number {
  return Number(one.includes('{')) - Number(other.includes('{'));
}

function allowOf(routes: readonly Route[]): string {
  const methods = routes.flatMap((each) =>
    hasHead(each) ? ['GET', 'HEAD'] : [each.method.toUpperCase()],
  );
  return [...methods, 'OPTIONS'].join(', ');
}

function answers(route: Route, asked: string): boolean {
  return asked === route.method.toUpperCase() || (asked === 'HEAD' && hasHead(route));
}

function hasHead({ method, acts }: Route): boolean {
  return method === 'get' && acts !== true;
}

async function respond(route: Route, context: Context<AppEnv>) {
  const { req } = context;
  const raw = {
    params: req.param(),
    query: new URL(req.url).searchParams,
    body: route.method === 'post' ? await readJsonBody(req.raw) : undefined,
  };
  return route.respond(raw, { log: context.get('log') });
}
