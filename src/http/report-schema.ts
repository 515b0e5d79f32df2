import { z } from 'zod';
import type { DrainReport } from '../drain/report.ts';
import { type ErrorCode, ERRORS } from '../errors/catalogue.ts';
import { answerSchemas } from './answer-schemas.ts';

const errorCodes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

const endpointReportSchema = z
  .strictObject({
    name: z.string(),
    delivered: z.int(),
    filtered: z.int(),
    parked: z.int(),
    dead_lettered: z.int(),
    failed_attempts: z.int(),
    checkpoint: z.string().nullable().describe('The event id up to which everything is settled.'),
    state: z.enum(['active', 'held', 'parking']),
    error: z.string().nullable(),
  })
  .register(answerSchemas, { id: 'EndpointReport' });

export const drainReportSchema = z
  .strictObject({
    status: z.enum(['caught_up', 'deadline', 'held', 'busy', 'failed']),
    run_id: z.string(),
    from_lsn: z.string().nullable(),
    to_lsn: z.string().nullable(),
    target_lsn: z.string().nullable(),
    lag_bytes: z
      .number()
      .nullable()
      .describe('WAL between the slot and what was flushed, at the end of the drain.'),
    windows: z.int(),
    transactions: z.int(),
    events: z.int(),
    duration_ms: z.int(),
    endpoints: z.array(endpointReportSchema),
    error: z
      .strictObject({
        code: z.enum(errorCodes),
        message: z.string(),
        detail: z.string().nullable(),
        remedy: z.string(),
      })
      .nullable(),
  })
  .register(answerSchemas, { id: 'DrainReport' }) satisfies z.ZodType<DrainReport>;
