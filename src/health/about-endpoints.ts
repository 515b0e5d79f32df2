import { describeBytes, describeMs } from '../quantities/describe.ts';
import type { Condition, Evidence, Finding } from './condition.ts';
import type { EndpointFacts } from './facts.ts';

/** Of the endpoints that are configured. */
export function ofConfigured(
  look: (endpoint: EndpointFacts, evidence: Evidence) => Finding,
): Condition['look'] {
  return (evidence) =>
    evidence.facts.endpoints
      ?.filter(({ isConfigured }) => isConfigured)
      .map((endpoint) => look(endpoint, evidence)) ?? null;
}

/** `12,000 events (3.0 MiB) are parked for it`. */
export function parkedText({ parkedEvents: events, parkedBytes }: EndpointFacts): string {
  if (events === 0) return 'its events are parked, none so far';
  return `${countText(events, 'event')} (${describeBytes(parkedBytes)}) ${events === 1 ? 'is' : 'are'} parked for it`;
}

export function countText(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

export function sinceText(since: number, at: number): string {
  return describeMs(Math.max(0, at - since));
}
