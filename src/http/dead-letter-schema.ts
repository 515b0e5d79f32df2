import { z } from 'zod';
import { answerSchemas } from './answer-schemas.ts';

const instant = z.iso.datetime();

const answerSchema = z
  .strictObject({ status: z.int(), body: z.string() })
  .nullable()
  .describe('What the endpoint said last: its status, and the beginning of the body.');

/** The fields are those of `dead-letters list --json`. */
const deadLetterSchema = z
  .strictObject({
    id: z.string().describe('As text: ids are 64 bits wide.'),
    endpoint: z.string(),
    event_id: z.string(),
    schema: z.string().nullable(),
    table: z.string().nullable(),
    op: z.string(),
    key: z
      .unknown()
      .describe(
        "The row's key, or an outbox event's, as the endpoint was to see it; integers beyond 2^53 as text. null where none is known.",
      ),
    reason: z.string(),
    detail: z.string(),
    attempts: z.int(),
    answer: answerSchema,
    created_at: instant,
    last_attempt_at: instant.nullable(),
    has_body: z.boolean().describe('Without one there is nothing to send again.'),
  })
  .register(answerSchemas, { id: 'DeadLetter' });

export const wholeDeadLetterSchema = deadLetterSchema
  .extend({
    body: z.string().nullable().describe('The event, as it was sent.'),
    content_type: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
  })
  .register(answerSchemas, { id: 'WholeDeadLetter' });

export const deadLettersSchema = z
  .strictObject({
    pipeline: z.string(),
    total: z.int().describe('How many the selection holds, beyond the limit too.'),
    dead_letters: z.array(deadLetterSchema),
  })
  .register(answerSchemas, { id: 'DeadLetters' });

export const discardedSchema = z
  .strictObject({ discarded: z.int() })
  .register(answerSchemas, { id: 'Discarded' });

export const redrivenSchema = z
  .strictObject({
    delivered: z.int(),
    kept: z.int(),
    dead_letters: z.array(
      z.strictObject({
        id: z.string(),
        endpoint: z.string(),
        outcome: z.enum(['delivered', 'refused', 'unavailable', 'unsendable', 'taken', 'left']),
        detail: z.string().nullable().describe('Why it was not delivered.'),
        answer: answerSchema,
      }),
    ),
  })
  .register(answerSchemas, { id: 'Redriven' });
