import type { HttpAnswer } from './http-client.ts';
import { parseList } from './structured-list.ts';

/**
 * Milliseconds until the endpoint takes requests again, by an answer that says that none is left now;
 * null where it says nothing of the kind. Retry-After comes before it, and is read elsewhere.
 *
 * - `RateLimit: "name";r=0;t=30`, with `RateLimit-Policy: "name";q=100;w=60` for a missing `t`
 *   @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (draft 11)
 * - `RateLimit: limit=100, remaining=0, reset=30` (draft 7)
 * - `RateLimit-Remaining: 0` with `RateLimit-Reset: 30` (drafts up to 6)
 * - `X-RateLimit-Remaining: 0` with `X-RateLimit-Reset`, in seconds from now or since 1970
 */
export function requestedPauseMs(
  { header }: Pick<HttpAnswer, 'header'>,
  nowMs: number,
): number | null {
  const current = header('ratelimit');
  if (current !== null) {
    return pauseByDictionary(current) ?? pauseByList(current, header('ratelimit-policy'));
  }
  for (const prefix of ['ratelimit', 'x-ratelimit', 'x-rate-limit']) {
    const remaining = header(`${prefix}-remaining`);
    if (remaining === null) continue;
    const reset = numberIn(header(`${prefix}-reset`));
    if (numberIn(remaining) !== 0 || reset === null) return null;
    return millisecondsUntil(reset, nowMs);
  }
  return null;
}

/** The longest of those that are used up: the others would let no request through before that. */
function pauseByList(limits: string, policies: string | null): number | null {
  const windows = new Map(
    (parseList(policies ?? '') ?? []).map(({ name, params }) => [name, params]),
  );
  const pauses = (parseList(limits) ?? []).flatMap(({ name, params }) => {
    const policy = windows.get(name);
    // Requests under way use these up, not a time.
    if (policy?.get('qu') === 'concurrent-requests') return [];
    if (numberIn(params.get('r') ?? null) !== 0) return [];
    const seconds = numberIn(params.get('t') ?? policy?.get('w') ?? null);
    return seconds === null ? [] : [seconds * 1000];
  });
  return pauses.length === 0 ? null : Math.max(...pauses);
}

function pauseByDictionary(text: string): number | null {
  const members = new Map(text.split(',').map((member) => pairOf(member)));
  const reset = numberIn(members.get('reset') ?? null);
  return numberIn(members.get('remaining') ?? null) === 0 && reset !== null ? reset * 1000 : null;
}

function pairOf(member: string): readonly [string, string] {
  const [name = '', value = ''] = member.split('=');
  return [name.trim(), value.trim()];
}

/** Nobody waits for thirty years: what is larger is a time since 1970, in seconds or milliseconds. */
const THIRTY_YEARS_S = 1_000_000_000;

function millisecondsUntil(reset: number, nowMs: number): number {
  if (reset < THIRTY_YEARS_S) return Math.ceil(reset * 1000);
  const atMs = reset < THIRTY_YEARS_S * 1000 ? reset * 1000 : reset;
  return Math.max(0, Math.ceil(atMs - nowMs));
}

function numberIn(text: string | null): number | null {
  return text !== null && /^\d{1,15}(\.\d+)?$/.test(text.trim()) ? Number(text) : null;
}
