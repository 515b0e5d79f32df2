import { z } from 'zod';
import { readEndpointReport } from '../operations/endpoint-report.ts';
import { listRuns, readStatus } from '../operations/status.ts';
import { answerSchemas } from './answer-schemas.ts';
import type { HttpTools } from './http-tools.ts';
import { wholeNumberText } from './input-schemas.ts';
import { route, type Route } from './route.ts';
import { endpointStatusSchema, runStatusSchema, statusSchema } from './status-schema.ts';

const endpointsSchema = z
  .strictObject({
    pipeline: z.string(),
    endpoints: z.array(endpointStatusSchema),
    troubles: z.array(z.string()),
  })
  .register(answerSchemas, { id: 'Endpoints' });

const runsSchema = z
  .strictObject({ pipeline: z.string(), runs: z.array(runStatusSchema) })
  .register(answerSchemas, { id: 'Runs' });

const DEFAULT_RUNS = 20;
const MAX_RUNS = 1_000;

/** What there is to read about the pipeline. */
export function statusRoutes({ pipeline, withPipeline, clock }: HttpTools): readonly Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/status',
        id: 'readStatus',
        summary: 'Where the pipeline stands',
        answers: {
          200: { description: 'As walhook status --json prints it.', schema: statusSchema },
        },
      },
      async () => {
        const status = await withPipeline((access) => readStatus(access, clock.now()));
        return { status: 200, json: status };
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/endpoints',
        id: 'listEndpoints',
        summary: 'How each endpoint fares',
        answers: {
          200: {
            description: 'As walhook endpoints list --json prints it.',
            schema: endpointsSchema,
          },
        },
      },
      async () => {
        const report = await withPipeline((access) => readEndpointReport(access, clock.now()));
        return { status: 200, json: report };
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/runs',
        id: 'listRuns',
        summary: 'The latest drains that found something',
        query: z.strictObject({
          limit: wholeNumberText(1, MAX_RUNS)
            .describe(`At the most so many; default: ${DEFAULT_RUNS}.`)
            .optional(),
        }),
        answers: { 200: { description: 'The latest first.', schema: runsSchema } },
      },
      async ({ query: { limit = DEFAULT_RUNS } }) => {
        const runs = await withPipeline((access) => listRuns(access, limit));
        return { status: 200, json: { pipeline, runs } };
      },
    ),
  ];
}
