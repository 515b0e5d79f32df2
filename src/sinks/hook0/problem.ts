import type { Outcome } from '../../delivery/sink.ts';
import {
  answeredByAnother,
  type AnswerOverrides,
  outcomeOf,
  saysNothing,
  unread,
  type Verdict,
} from '../http/answer.ts';
import type { HttpAnswer } from '../http/http-client.ts';
import type { Confirmation } from './confirmation.ts';

/**
 * What Hook0's problems mean, by the id that its problem documents carry. What is not here means what
 * its status usually does.
 */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  AuthApplicationSecretLookupError: 'unavailable',
  AuthBiscuitLookupError: 'unavailable',
  InternalServerError: 'unavailable',
  RateLimited: 'unavailable',
  ServiceUnavailable: 'unavailable',

  AuthInvalidApplicationSecret: 'misconfigured',
  AuthInvalidAuthorizationHeader: 'misconfigured',
  AuthInvalidBiscuit: 'misconfigured',
  AuthNoAuthorizationHeader: 'misconfigured',
  Forbidden: 'misconfigured',
  NotFound: 'misconfigured',
  // A quota of the plan, until midnight: no Retry-After tells when, and a person may raise it.
  TooManyEventsToday: 'misconfigured',

  EventInvalidBase64Payload: 'rejected',
  EventInvalidJsonPayload: 'rejected',
  EventInvalidPayloadContentType: 'rejected',
  EventTypeDoesNotExist: 'rejected',
  JsonPayload: 'rejected',
  Validation: 'rejected',

  // Where it is that event which Hook0 has, the sink knows better.
  EventAlreadyIngested: 'rejected',
};

/** The problem's id; null where the answer is no problem of Hook0, but of a proxy before it, say. */
export function problemId({ body, status }: HttpAnswer): string | null {
  return status < 400 ? null : (problem(body).id ?? null);
}

/**
 * What an answer to any of Hook0's calls means for the delivery that the call was for. `confirms`:
 * whether a success is Hook0's answer to that call.
 */
export function hook0Outcome(answer: HttpAnswer, nowMs: number, confirms: Confirmation): Outcome {
  const id = problemId(answer);
  // A 409 that nobody can read may say that the event is there, or that its type is not.
  const isRefusal = answer.status >= 400 && answer.status < 500;
  if (id === null && isRefusal && saysNothing(answer)) return unread(answer);
  const verdict = id === null ? undefined : VERDICTS[id];
  const overrides: AnswerOverrides =
    verdict === undefined ? NO_OVERRIDES : new Map([[answer.status, verdict]]);
  const outcome = outcomeOf(answer, nowMs, overrides);
  const isSuccess = outcome.kind === 'delivered' || outcome.kind === 'partial';
  if (id === null && isSuccess && !confirms(answer)) return answeredByAnother(answer, 'Hook0');
  if (id === null || outcome.kind === 'delivered') return outcome;
  const { detail } = problem(answer.body);
  return { ...outcome, reason: `HTTP ${answer.status}: ${id}${detail ? `: ${detail}` : ''}` };
}

const NO_OVERRIDES: AnswerOverrides = new Map();

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
function problem(body: string): { readonly id?: string; readonly detail?: string } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const { id, detail } = value as Record<string, unknown>;
  return {
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof detail === 'string' ? { detail: detail.slice(0, 200) } : {}),
  };
}
