import { describeBytes } from '../quantities/describe.ts';
import type { EndpointFacts } from './facts.ts';
import { type Evidence, type Finding, overThreshold, type Rule, type RuleSet } from './finding.ts';

export const endpointRules = {
  endpoint_down: each((endpoint, evidence) => {
    const { name: subject, downSince: since, pause, reason } = endpoint;
    if (pause !== null) return { subject, kind: 'unsure' };
    if (since === null) return { subject, kind: 'clear', detail: UP };
    if (isToldAsMisconfigured(endpoint, evidence)) return { subject, kind: 'unsure' };
    const due = evidence.facts.at - since >= evidence.rules.endpointDownMs;
    // Between attempts the reason says when the next one is; what was answered says more.
    const before = evidence.open({ rule: 'endpoint_down', subject })?.detail;
    const detail = saysWhatWasAnswered(reason) ? reason : (before ?? reason ?? 'It takes nothing.');
    return { subject, kind: 'raised', since, due, detail };
  }),

  endpoint_misconfigured: each((endpoint, evidence) => {
    const { name: subject, downSince: since, lastFailure, pause, reason } = endpoint;
    if (pause !== null) return { subject, kind: 'unsure' };
    if (since === null) return { subject, kind: 'clear', detail: UP };
    // A receiver may come back by way of a 503.
    if (lastFailure !== 'misconfigured') return { subject, kind: 'unsure' };
    const before = evidence.open({ rule: 'endpoint_misconfigured', subject })?.detail;
    const detail = saysWhatWasAnswered(reason) ? reason : (before ?? `misconfigured: ${reason}`);
    return { subject, kind: 'raised', since, due: true, detail };
  }),

  endpoint_paused: each(({ name: subject, pause }) =>
    pause === null
      ? { subject, kind: 'clear', detail: 'It is not paused any more.' }
      : { subject, kind: 'raised', since: pause.at, due: true, detail: pause.reason },
  ),

  dead_letters: each(({ name: subject, deadLetters }, { rules }) => {
    const detail = `${deadLetters} dead ${deadLetters === 1 ? 'letter' : 'letters'}`;
    return deadLetters > rules.deadLetters
      ? { subject, kind: 'raised', since: null, due: true, detail }
      : { subject, kind: 'clear', detail };
  }),

  parked_near_cap: each(({ name: subject, parkedEvents, parkedBytes, caps }, { rules }) => {
    const parked = `${parkedEvents} events (${describeBytes(parkedBytes)}) are parked`;
    if (caps === null) return { subject, kind: 'clear', detail: parked };
    const percent = Math.max(
      percentOf(parkedEvents, caps.events),
      percentOf(parkedBytes, caps.bytes),
    );
    const atMost = `of at most ${caps.events} events and ${describeBytes(caps.bytes)}`;
    return overThreshold(subject, percent, rules.parkedPercent, `${parked}, ${atMost}`);
  }),
} satisfies RuleSet;

function each(judge: (endpoint: EndpointFacts, evidence: Evidence) => Finding): Rule {
  return (evidence) =>
    evidence.facts.endpoints?.map((endpoint) => judge(endpoint, evidence)) ?? null;
}

const UP = 'It takes its events again.';

/** One trouble is one incident: what refuses everything is not told as down besides. */
function isToldAsMisconfigured(
  { name: subject, lastFailure }: EndpointFacts,
  { rules, open }: Evidence,
): boolean {
  const rule = 'endpoint_misconfigured';
  if (rules.off.includes(rule)) return false;
  return lastFailure === 'misconfigured' || open({ rule, subject }) !== undefined;
}

function saysWhatWasAnswered(reason: string | null): reason is string {
  return /^(unavailable|misconfigured|rejected|gone)\b/.test(reason ?? '');
}

function percentOf(amount: number, whole: number): number {
  return whole === 0 ? 0 : (amount / whole) * 100;
}
