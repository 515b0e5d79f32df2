import { z } from 'zod';
import {
  chooseDeadLetters,
  discardDeadLetters,
  listDeadLetters,
  showDeadLetter,
} from '../operations/dead-letters.ts';
import { deadLetterFilter } from '../operations/dead-letter-selection.ts';
import {
  describeDeadLetter,
  describeWholeDeadLetter,
} from '../operations/described-dead-letter.ts';
import { redriveDeadLetters, type Redriven } from '../operations/redrive-dead-letters.ts';
import {
  deadLettersSchema,
  discardedSchema,
  redrivenSchema,
  wholeDeadLetterSchema,
} from './dead-letter-schema.ts';
import { chosen, chosenFilter, selection } from './dead-letter-selection.ts';
import type { HttpTools } from './http-tools.ts';
import { idInput, wholeNumberInput, wholeNumberText } from './input-schemas.ts';
import type { Reply } from './reply.ts';
import { route, type Route } from './route.ts';
import { takeTurns } from './turns.ts';

const DEFAULT_LIMIT = 20;
const MAX_LISTED = 1_000;
const DEFAULT_REDRIVEN = 100;

/** `redriving`: connections that nobody else waits for while endpoints take their time. */
export function deadLetterRoutes(
  tools: HttpTools,
  redriving: HttpTools['withPipeline'],
): readonly Route[] {
  const redrive = redriveRoute({ ...tools, withPipeline: redriving });
  return [listRoute(tools), showRoute(tools), redrive, discardRoute(tools)];
}

function listRoute({ pipeline, withPipeline }: HttpTools): Route {
  return route(
    {
      method: 'get',
      path: '/api/dead-letters',
      id: 'listDeadLetters',
      summary: 'What was refused, and why',
      query: z.strictObject({
        ...selection,
        id: idInput.describe('The one with this id.').optional(),
        limit: wholeNumberText(1, MAX_LISTED)
          .describe(`At the most so many; default: ${DEFAULT_LIMIT}.`)
          .optional(),
      }),
      answers: { 200: { description: 'The latest first.', schema: deadLettersSchema } },
    },
    async ({ query: { limit = DEFAULT_LIMIT, id, ...selected } }) => {
      const filter = deadLetterFilter({ ...selected, ids: id === undefined ? undefined : [id] });
      const { letters, total } = await withPipeline((access) =>
        listDeadLetters(access, filter, limit),
      );
      return {
        status: 200,
        json: { pipeline, total, dead_letters: letters.map(describeDeadLetter) },
      };
    },
  );
}

function showRoute({ withPipeline }: HttpTools): Route {
  return route(
    {
      method: 'get',
      path: '/api/dead-letters/{id}',
      id: 'showDeadLetter',
      summary: 'All that is kept of one dead letter',
      params: z.strictObject({ id: idInput.describe('As the list shows it.') }),
      answers: { 200: { description: 'With its content.', schema: wholeDeadLetterSchema } },
    },
    async ({ params: { id } }) => {
      const letter = await withPipeline((access) => showDeadLetter(access, id));
      return { status: 200, json: describeWholeDeadLetter(letter) };
    },
  );
}

/** One redrive at a time: each works over several connections, for as long as endpoints take. */
function redriveRoute({ endpoints, withPipeline, signal }: HttpTools): Route {
  const inTurn = takeTurns(1);
  return route(
    {
      method: 'post',
      path: '/api/dead-letters/redrive',
      id: 'redriveDeadLetters',
      summary: 'Send dead letters again',
      description:
        'Each alone and under its own id, those of an endpoint one after the other, the oldest first. What is confirmed is gone from the dead letters.',
      body: z.strictObject({
        ...chosen,
        limit: wholeNumberInput(1, MAX_LISTED)
          .describe(`At the most so many, the oldest first; default: ${DEFAULT_REDRIVEN}.`)
          .optional(),
        asIs: z
          .boolean('true or false')
          .describe(
            'Also send those whose filter or transform failed, as they were before it. Default: false.',
          )
          .optional(),
      }),
      answers: { 200: { description: 'What became of each.', schema: redrivenSchema } },
    },
    async ({ body: { limit = DEFAULT_REDRIVEN, asIs = false, ...selected }, log }) => {
      const filter = chosenFilter(selected);
      return inTurn(async () => {
        const letters = await withPipeline((access) => chooseDeadLetters(access, filter, limit));
        const done: Redriven[] = [];
        await redriveDeadLetters(
          { withPipeline, endpoints, signal, asIs, warn: (message) => log.warn(message) },
          letters,
          (redriven) => void done.push(redriven),
        );
        return redrivenReply(done);
      });
    },
  );
}

function redrivenReply(done: readonly Redriven[]): Reply {
  const delivered = done.filter(({ outcome }) => outcome === 'delivered').length;
  const letters = done.map(({ id, ...rest }) => ({ id: String(id), ...rest }));
  const json = { delivered, kept: done.length - delivered, dead_letters: letters };
  return { status: 200, json };
}

function discardRoute({ withPipeline }: HttpTools): Route {
  return route(
    {
      method: 'post',
      path: '/api/dead-letters/discard',
      id: 'discardDeadLetters',
      summary: 'Forget dead letters for good',
      body: z.strictObject(chosen),
      answers: { 200: { description: 'How many were forgotten.', schema: discardedSchema } },
    },
    async ({ body }) => {
      const filter = chosenFilter(body);
      const discarded = await withPipeline(async (access) => {
        const letters = await chooseDeadLetters(access, filter, null);
        return letters.length === 0 ? 0 : discardDeadLetters(access, letters);
      });
      return { status: 200, json: { discarded } };
    },
  );
}
