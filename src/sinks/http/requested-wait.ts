import type { HttpAnswer } from './http-client.ts';
import { parseHttpDate } from './http-date.ts';
import { requestedPauseMs } from './pacing.ts';

/**
 * What an endpoint may ask for. A time in the wrong unit, or without end, would keep it from being
 * tried for years, with nobody there to notice; asked once a day, it may say so again.
 */
export const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;

type Headers = Pick<HttpAnswer, 'header'>;

/** Milliseconds that an answer which took nothing asks to wait for; null: it does not say. */
export function waitAfterFailureMs(answer: Headers, nowMs: number): number | null {
  return bounded(retryAfterMs(answer, nowMs) ?? requestedPauseMs(answer, nowMs));
}

/** The same of an answer that took what it got. There, Retry-After is about something else. */
export function waitAfterSuccessMs(answer: Headers, nowMs: number): number | null {
  return bounded(requestedPauseMs(answer, nowMs));
}

/**
 * `Retry-After` in milliseconds from now: seconds, or an HTTP date (RFC 9110, 10.2.3). Set twice, by
 * a proxy and by what is behind it, the longer time counts.
 */
function retryAfterMs({ header }: Headers, nowMs: number): number | null {
  const value = header('retry-after')?.trim() ?? '';
  if (/^\d+( *, *\d+)*$/.test(value)) {
    const ms = Math.max(...value.split(',').map(Number)) * 1000;
    return Number.isFinite(ms) ? ms : null;
  }
  const date = parseHttpDate(value, nowMs);
  return date === null ? null : Math.max(0, date - nowMs);
}

function bounded(ms: number | null): number | null {
  return ms === null ? null : Math.min(ms, LONGEST_WAIT_MS);
}
