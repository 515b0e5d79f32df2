import type { Outcome } from '../../delivery/sink.ts';
import type { HttpAnswer } from './http-client.ts';

const UNAVAILABLE = new Set([408, 425, 429]);
const MISCONFIGURED = new Set([401, 403, 404, 405]);
const REASON_CHARACTERS = 200;

/** What an HTTP answer means: see docs/delivery-spec.md. */
export function outcomeOf(answer: HttpAnswer, nowMs: number): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const reason = describe(answer);
  if (UNAVAILABLE.has(status) || status >= 500) {
    return { kind: 'unavailable', reason, retryAfterMs: retryAfterMs(answer, nowMs) };
  }
  if (status < 400)
    return { kind: 'misconfigured', reason: `${reason} (redirects are not followed)` };
  if (MISCONFIGURED.has(status)) return { kind: 'misconfigured', reason };
  if (status === 410) return { kind: 'gone', reason };
  return { kind: 'rejected', reason };
}

/** `Retry-After` in milliseconds from now: seconds, or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(answer: Pick<HttpAnswer, 'header'>, nowMs: number): number | null {
  const value = answer.header('retry-after')?.trim();
  if (value === undefined || value === '') return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function describe({ status, body }: HttpAnswer): string {
  const text = body.replaceAll(/\s+/g, ' ').trim();
  return text === '' ? `HTTP ${status}` : `HTTP ${status}: ${text.slice(0, REASON_CHARACTERS)}`;
}
