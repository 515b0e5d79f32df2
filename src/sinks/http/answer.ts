import type { Answer, Outcome } from '../../delivery/sink.ts';
import type { HttpAnswer } from './http-client.ts';
import { itemFailures } from './item-failures.ts';
import { waitAfterFailureMs, waitAfterSuccessMs } from './requested-wait.ts';

/** What a status says of a delivery. */
export type Verdict =
  'delivered' | 'unavailable' | 'misconfigured' | 'rejected' | 'too_large' | 'gone';

/** Statuses that mean something else at this endpoint than they usually do. */
export type AnswerOverrides = ReadonlyMap<number, Verdict>;

const USUAL: AnswerOverrides = new Map<number, Verdict>([
  ...[408, 425, 429].map((status) => [status, 'unavailable'] as const),
  ...[401, 403, 404, 405, 407].map((status) => [status, 'misconfigured'] as const),
  [410, 'gone'],
  [413, 'too_large'],
]);

const REASON_CHARACTERS = 200;
const KEPT_CHARACTERS = 1024;

/** What an HTTP answer means: see docs/delivery-spec.md. */
export function outcomeOf(answer: HttpAnswer, nowMs: number, overrides: AnswerOverrides): Outcome {
  const verdict = overrides.get(answer.status) ?? usualVerdict(answer.status);
  if (verdict === 'delivered') return delivered(answer, nowMs);
  const failure = { reason: describe(answer), answer: keep(answer) };
  switch (verdict) {
    case 'unavailable':
    case 'misconfigured':
      return { kind: verdict, ...failure, retryAfterMs: waitAfterFailureMs(answer, nowMs) };
    case 'rejected':
    case 'too_large':
    case 'gone':
      return { kind: verdict, ...failure };
  }
}

function usualVerdict(status: number): Verdict {
  if (status >= 200 && status < 300) return 'delivered';
  const usual = USUAL.get(status);
  if (usual !== undefined) return usual;
  if (status >= 500) return 'unavailable';
  return status < 400 ? 'misconfigured' : 'rejected';
}

function delivered(answer: HttpAnswer, nowMs: number): Outcome {
  if (!saysAll(answer)) return unread(answer);
  const failed = itemFailures(answer.body);
  switch (failed.kind) {
    case 'none':
      return { kind: 'delivered', pauseMs: waitAfterSuccessMs(answer, nowMs) };
    case 'some':
      return {
        kind: 'partial',
        failedIds: failed.ids,
        reason: `${failed.ids.length} batchItemFailures`,
        answer: keep(answer),
      };
    case 'unreadable':
      return {
        kind: 'unavailable',
        reason: `HTTP ${answer.status} with batchItemFailures that cannot be read`,
        answer: keep(answer),
        retryAfterMs: null,
      };
  }
}

/** A success in other words than the service has for it: somebody else answers in its place. */
export function answeredByAnother(answer: HttpAnswer, service: string): Outcome {
  return {
    kind: 'misconfigured',
    reason: `not an answer of ${service}: ${describe(answer)}`,
    answer: keep(answer),
    retryAfterMs: null,
  };
}

/**
 * Whether an answer with a good status has said all that it may have had to say of failed events. One
 * that did not end, or cannot be read, has not. One that is too long has, unless it is JSON.
 */
function saysAll(answer: HttpAnswer): boolean {
  return answer.ending === 'whole' || (answer.ending === 'cut' && !isJson(answer));
}

/** A service that says in words what its statuses leave open has said nothing by such an answer. */
export function saysNothing({ ending }: HttpAnswer): boolean {
  return ending === 'broke-off' || ending === 'unreadable';
}

/** It may have been taken, or refused: which of them is not known. */
export function unread(answer: HttpAnswer): Outcome {
  return {
    kind: 'unavailable',
    reason: `HTTP ${answer.status}, but ${howItEnded(answer)}: whether all was taken is not known`,
    answer: keep(answer),
    retryAfterMs: null,
  };
}

function howItEnded(answer: HttpAnswer): string {
  const subject = isJson(answer) ? 'its JSON' : 'the answer';
  switch (answer.ending) {
    case 'whole':
    case 'cut':
      return `${subject} is longer than what is read of an answer`;
    case 'broke-off':
      return `${subject} broke off`;
    case 'unreadable': {
      const coding = answer.header('content-encoding');
      return coding === null ? 'it cannot be read' : `it cannot be read (${coding.slice(0, 80)})`;
    }
  }
}

/** An object is JSON, whatever it is called. */
function isJson({ header, body }: HttpAnswer): boolean {
  return /json/i.test(header('content-type') ?? '') || /^\s*\{/.test(body);
}

function keep({ status, body }: HttpAnswer): Answer {
  return { status, body: body.slice(0, KEPT_CHARACTERS) };
}

function describe({ status, body }: HttpAnswer): string {
  const text = body.replaceAll(/\s+/g, ' ').trim();
  const said =
    text === '' ? `HTTP ${status}` : `HTTP ${status}: ${text.slice(0, REASON_CHARACTERS)}`;
  if (status === 407) return `${said} (a proxy wants other credentials)`;
  return status >= 300 && status < 400 ? `${said} (redirects are not followed)` : said;
}
