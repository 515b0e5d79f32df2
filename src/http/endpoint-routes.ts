import { z } from 'zod';
import { pauseEndpoint, resumeEndpoint } from '../operations/pause-endpoint.ts';
import { answerSchemas } from './answer-schemas.ts';
import type { HttpTools } from './http-tools.ts';
import { textInput } from './input-schemas.ts';
import { route, type Route } from './route.ts';

const MAX_NAME = 200;
const MAX_REASON = 1_000;
const DEFAULT_REASON = 'over HTTP';

const params = z.strictObject({ name: textInput(MAX_NAME).describe('Of the endpoint.') });

const pausedSchema = z
  .strictObject({
    endpoint: z.string(),
    paused: z.literal(true),
    parks: z.boolean(),
    reason: z.string(),
  })
  .register(answerSchemas, { id: 'Paused' });

const resumedSchema = z
  .strictObject({
    endpoint: z.string(),
    resumed: z.boolean().describe('False: it was not paused, and waited for nothing.'),
  })
  .register(answerSchemas, { id: 'Resumed' });

export function endpointRoutes({ withPipeline }: HttpTools): readonly Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/api/endpoints/{name}/pause',
        id: 'pauseEndpoint',
        summary: 'Send nothing to an endpoint until it is resumed',
        params,
        body: z.strictObject({
          reason: textInput(MAX_REASON)
            .describe(`Why, for others to see; default: ${DEFAULT_REASON}.`)
            .optional(),
          park: z
            .boolean('true or false')
            .describe('Store its events meanwhile; else it holds the slot. Default: false.')
            .optional(),
        }),
        answers: { 200: { description: 'It is paused.', schema: pausedSchema } },
      },
      async ({ params: { name }, body: { reason = DEFAULT_REASON, park: parks = false } }) => {
        await withPipeline((access) => pauseEndpoint(access, name, { reason, parks }));
        return { status: 200, json: { endpoint: name, paused: true, parks, reason } };
      },
    ),
    route(
      {
        method: 'post',
        path: '/api/endpoints/{name}/resume',
        id: 'resumeEndpoint',
        summary: 'End a pause, or the wait for the next attempt',
        params,
        answers: { 200: { description: 'The next drain sends to it.', schema: resumedSchema } },
      },
      async ({ params: { name } }) => {
        const resumed = await withPipeline((access) => resumeEndpoint(access, name));
        return { status: 200, json: { endpoint: name, resumed } };
      },
    ),
  ];
}
