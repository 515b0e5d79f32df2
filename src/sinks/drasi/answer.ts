import type { Outcome } from '../../delivery/sink.ts';
import { type AnswerOverrides, outcomeOf, type Verdict } from '../http/answer.ts';
import type { HttpAnswer } from '../http/http-client.ts';

/**
 * What Drasi's HTTP source made of a batch. Two of its statuses say too little:
 *
 * - 200 is also the answer to a batch of which a part failed: then `error` is set. Which part is not
 *   told, so the batch is refused, to be halved until the events that fail stand alone.
 * - 400 is also the answer under another source's id, and of a source that is shutting down.
 *
 * @see https://github.com/drasi-project/drasi-core/tree/main/components/sources/http
 */
export function drasiOutcome(
  answer: HttpAnswer,
  nowMs: number,
  overrides: AnswerOverrides,
): Outcome {
  const verdict = overrides.has(answer.status) ? undefined : verdictOf(answer);
  if (verdict === undefined) return outcomeOf(answer, nowMs, overrides);
  return outcomeOf(answer, nowMs, new Map([[answer.status, verdict]]));
}

/** undefined: what the status usually means. */
function verdictOf({ status, body }: HttpAnswer): Verdict | undefined {
  if (status !== 200 && status !== 400) return undefined;
  const { error, message } = eventResponse(body);
  if (error === null || error === undefined) return undefined;
  if (status === 400 && message === 'Source name mismatch') return 'misconfigured';
  return error === 'Internal channel error' ? 'unavailable' : 'rejected';
}

function eventResponse(body: string): { readonly error?: unknown; readonly message?: unknown } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
