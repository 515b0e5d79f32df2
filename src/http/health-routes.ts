import { z } from 'zod';
import { answerSchemas } from './answer-schemas.ts';
import type { HttpTools } from './http-tools.ts';
import { readinessOf } from './readiness.ts';
import { route, type Route } from './route.ts';

const healthSchema = z
  .strictObject({ status: z.literal('ok') })
  .register(answerSchemas, { id: 'Health' });

const readinessSchema = z
  .strictObject({
    ready: z.boolean(),
    checks: z.array(
      z.strictObject({
        name: z
          .string()
          .describe('database, slot, state, publication, drains, or endpoint: and its name.'),
        ok: z.boolean(),
        reason: z.string().nullable(),
      }),
    ),
  })
  .register(answerSchemas, { id: 'Readiness' });

/** Asks nothing of the database: a process is not started anew because that is away. */
export const healthRoute = route(
  {
    method: 'get',
    path: '/health',
    id: 'readHealth',
    summary: 'Whether the process answers',
    ignoresQuery: true,
    security: [],
    answers: { 200: { description: 'It does.', schema: healthSchema } },
  },
  async () => ({ status: 200, json: { status: 'ok' } }),
);

export function readyRoute(tools: HttpTools): Route {
  const readChecks = readinessOf(tools);
  return route(
    {
      method: 'get',
      path: '/ready',
      id: 'readReadiness',
      summary: 'Whether a drain would get on',
      ignoresQuery: true,
      description:
        'The database answers, the slot can be read and is the one that was drained so far, drains do not fail, and no endpoint holds the slot. Asked of the database once a second at the most.',
      answers: {
        200: { description: 'It would.', schema: readinessSchema },
        503: { description: 'It would not; the checks say why.', schema: readinessSchema },
      },
    },
    async () => {
      const checks = await readChecks();
      const ready = checks.every(({ ok }) => ok);
      return { status: ready ? 200 : 503, json: { ready, checks } };
    },
  );
}
