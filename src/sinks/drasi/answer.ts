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

/**
 * What Drasi's HTTP source made of a batch. Two of its statuses say too little:
 *
 * - 200 is also the answer to a batch of which a part failed: then `error` is set. Which part is not
 *   told, so the batch is refused, to be halved until the events that fail stand alone.
 * - 400 is also the answer under another source's id, and of a source that is shutting down.
 *
 * A success is a 200 with a JSON object; any other comes from something in front of the source.
 *
 * @see https://github.com/drasi-project/drasi-core/tree/main/components/sources/http
 */
export function drasiOutcome(
  answer: HttpAnswer,
  nowMs: number,
  overrides: AnswerOverrides,
): Outcome {
  if (overrides.has(answer.status)) return outcomeOf(answer, nowMs, overrides);
  if (answer.status === 400 && saysNothing(answer)) return unread(answer);
  const verdict = verdictOf(answer);
  if (verdict !== undefined) return outcomeOf(answer, nowMs, new Map([[answer.status, verdict]]));
  const outcome = outcomeOf(answer, nowMs, overrides);
  if (outcome.kind !== 'delivered' || isTaken(answer)) return outcome;
  return answeredByAnother(answer, 'Drasi');
}

/** undefined: what the status usually means. */
function verdictOf({ status, body }: HttpAnswer): Verdict | undefined {
  if (status !== 200 && status !== 400) return undefined;
  const { error, message } = eventResponse(body) ?? {};
  if (error === null || error === undefined) return undefined;
  if (status === 400 && message === 'Source name mismatch') return 'misconfigured';
  return error === 'Internal channel error' ? 'unavailable' : 'rejected';
}

/** One that says no error: what has one has a verdict by then. */
function isTaken({ status, body }: HttpAnswer): boolean {
  return status === 200 && eventResponse(body) !== null;
}

/** null: it is no JSON object. */
function eventResponse(
  body: string,
): { readonly error?: unknown; readonly message?: unknown } | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
