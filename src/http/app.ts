import { Hono } from 'hono';
import { accompany } from './accompany.ts';
import type { AppEnv } from './app-env.ts';
import { authorize } from './authorize.ts';
import { dashboardRoute } from './dashboard-route.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { drainRoutes } from './drain-routes.ts';
import { endpointRoutes } from './endpoint-routes.ts';
import { healthRoute, readyRoute } from './health-routes.ts';
import type { HttpTools } from './http-tools.ts';
import { metricsRoute } from './metrics-route.ts';
import { mount } from './mount.ts';
import { openApiRoute } from './openapi.ts';
import { problemReply } from './problem.ts';
import { responseOf } from './reply.ts';
import { RequestError } from './request-error.ts';
import type { Route } from './route.ts';
import { skipRoutes } from './skip-routes.ts';
import { statusRoutes } from './status-routes.ts';
import { takeTurns } from './turns.ts';

/** Answers requests by whatever server there is: Node's, a worker's, a function's. */
export type HttpApp = {
  /** `env`: what the server knows of the connection. Resolves once the work is done. Never rejects. */
  readonly fetch: (request: Request, env?: unknown) => Promise<Response>;
};

/**
 * request → its id, the log, headers → /health
 *                                    → token → route → input, checked → operation → answer
 *                                            → no such route, or method
 */
export function createHttpApp(tools: HttpTools): HttpApp {
  const { redact } = tools;
  const app = new Hono<AppEnv>();
  app.onError((error, context) => {
    const reply = problemReply(error, context.get('requestId'));
    return responseOf(reply, redact);
  });
  app.use(accompany(tools));
  mount(app, [healthRoute], redact);
  app.use(authorize(tools));
  mount(app, guardedRoutes(tools), redact);
  app.notFound(() => {
    throw new RequestError('route_unknown', 'there is nothing at this path');
  });
  return { fetch: async (request, env) => app.fetch(request, env ?? {}) };
}

/** Connections that requests may have open at once, beside those of a drain and of a redrive. */
const CONNECTIONS = 4;

function guardedRoutes(tools: HttpTools): readonly Route[] {
  const inTurn = takeTurns(CONNECTIONS);
  const sparing: HttpTools = {
    ...tools,
    withPipeline: (use) => inTurn(() => tools.withPipeline(use)),
    renderMetrics: () => inTurn(() => tools.renderMetrics()),
  };
  const routes = [
    ...drainRoutes(tools),
    readyRoute(sparing),
    metricsRoute(sparing),
    ...statusRoutes(sparing),
    ...endpointRoutes(sparing),
    ...deadLetterRoutes(sparing, tools.withPipeline),
    ...skipRoutes(sparing),
    dashboardRoute(sparing),
  ];
  return [...routes, openApiRoute([healthRoute, ...routes], tools)];
}
