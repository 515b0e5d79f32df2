import { describeMs } from '../quantities/describe.ts';
import { parkedText, sinceText } from './about-endpoints.ts';
import type { Evidence, Severity } from './condition.ts';
import type { EndpointFacts } from './facts.ts';

// What is said of an endpoint that does not take its events, whatever it answers.

export const TAKES_EVENTS = 'It takes its events again.';

/** What an endpoint that takes nothing does to the rest, and what is said of it. */
export function takesNothing(
  endpoint: EndpointFacts,
  at: number,
): {
  readonly severity: Severity;
  readonly blocks: boolean;
  readonly sentence: string;
  readonly remedy: string;
} {
  const { name, state, reason } = endpoint;
  const nothing = `The endpoint "${name}" takes nothing (${reason ?? 'no reason given'})`;
  const down = downText(endpoint, at);
  switch (state) {
    case 'held':
      return {
        severity: 'error',
        blocks: true,
        sentence: `${nothing}: ${waitingText(endpoint)}.`,
        remedy: `Make it answer 2xx again.${down}`,
      };
    case 'parking':
      return {
        severity: 'warning',
        blocks: false,
        sentence: `${nothing}: ${parkedText(endpoint)}.`,
        remedy: `Make it answer 2xx again; they go first then.${down}`,
      };
    case 'active':
    case 'new':
      return {
        severity: 'warning',
        blocks: false,
        sentence: `The last attempt at the endpoint "${name}" failed (${reason ?? endpoint.lastFailure ?? 'no reason given'}).`,
        remedy: `See what it answers: walhook endpoints test ${name}.${down}`,
      };
  }
}

/** Between attempts the reason says when the next one is; what was answered says more. */
export function whatWasAnswered(
  { reason, name: subject }: EndpointFacts,
  { open }: Evidence,
  rule: 'endpoint_down' | 'endpoint_misconfigured',
): string | null {
  if (reason !== null && /^(unavailable|misconfigured|rejected|gone)\b/.test(reason)) return reason;
  return open?.({ rule, subject })?.detail ?? null;
}

function waitingText(endpoint: EndpointFacts): string {
  if (endpoint.parkedEvents === 0) return 'its events wait in the slot, which cannot move on';
  return `${parkedText(endpoint)}, and what came after them waits in the slot, which cannot move on`;
}

/** ` It has been down for 12 min; the next drain tries again.`, or nothing. */
function downText({ name, downSince: since, nextAttemptAt: next }: EndpointFacts, at: number) {
  if (since === null) return '';
  const waitMs = next === null ? 0 : next - at;
  const attempt =
    waitMs <= 0
      ? 'the next drain tries again'
      : `no attempt is made in the next ${describeMs(waitMs)}, unless you say walhook endpoints resume ${name}`;
  return ` It has been down for ${sinceText(since, at)}; ${attempt}.`;
}
