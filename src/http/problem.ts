import { z } from 'zod';
import { type ErrorCode, ERRORS } from '../errors/catalogue.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { answerSchemas } from './answer-schemas.ts';
import type { Reply } from './reply.ts';
import { RequestError } from './request-error.ts';

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
export const problemSchema = z
  .strictObject({
    type: z.string().describe('urn:walhook:problem: and the code'),
    title: z.string().describe('The same for every problem of the code: what to do about it.'),
    status: z.int(),
    detail: z.string().describe('What happened this time.'),
    code: z.enum(Object.keys(ERRORS)).describe('Stable: what a program goes by.'),
    request_id: z.string(),
    errors: z
      .array(z.strictObject({ path: z.string(), got: z.string(), wants: z.string() }))
      .optional()
      .describe('Everything that is wrong with the request.'),
  })
  .register(answerSchemas, { id: 'Problem' });

/** What went wrong as problem+json. A stack or a cause is never in it. */
export function problemReply(error: unknown, requestId: string) {
  const known = error instanceof WalhookError ? error : internalError(error);
  const { faults, headers, status: own } = known instanceof RequestError ? known : NO_REQUEST_ERROR;
  const status = own ?? statusOf(known);
  const json = {
    type: `urn:walhook:problem:${known.code}`,
    title: known.remedy,
    status,
    detail: known.message,
    code: known.code,
    request_id: requestId,
    ...(faults.length === 0 ? {} : { errors: faults }),
  };
  return { status, json, contentType: 'application/problem+json', headers } satisfies Reply;
}

const NO_REQUEST_ERROR = { faults: [], headers: {}, status: null };

/** What threw may have anything in its message: the log has it, masked. */
function internalError(cause: unknown): WalhookError {
  return new WalhookError('internal', 'something went wrong inside walhook; its log says what', {
    cause,
  });
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  unauthorized: 401,
  token_missing: 403,
  route_unknown: 404,
  endpoint_unknown: 404,
  dead_letter_unknown: 404,
  method_not_allowed: 405,
  lease_held: 409,
  skip_refused: 409,
  request_too_large: 413,
  media_type_unsupported: 415,
  request_invalid: 400,
  usage: 400,
  endpoint_held: 503,
};

/** Of a code that is not about the request: 503 where the same request may work later. */
function statusOf({ code, retryable }: WalhookError): number {
  return STATUS[code] ?? (retryable ? 503 : 500);
}
