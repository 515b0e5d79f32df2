import type { PipelineFacts } from './facts.ts';
import type { AlertRules, Incident, IncidentKey, RuleName } from './incident.ts';

/** What a rule says of one subject. */
export type Finding = { readonly subject: string } & (
  | {
      readonly kind: 'raised';
      /** Since when, in milliseconds since the epoch; null: it was not seen before. */
      readonly since: number | null;
      /** Whether it is bad enough to tell somebody. Until then it is noted. */
      readonly due: boolean;
      readonly detail: string;
    }
  | { readonly kind: 'clear'; readonly detail: string }
  /** Neither opens an incident nor resolves one. */
  | { readonly kind: 'unsure' }
);

export type Evidence = {
  readonly facts: PipelineFacts;
  readonly rules: AlertRules;
  /** What is open already. */
  readonly open: (key: IncidentKey) => Incident | undefined;
};

/** null: what it would have to know could not be read. */
export type Rule = (evidence: Evidence) => readonly Finding[] | null;

export type RuleSet = Readonly<Partial<Record<RuleName, Rule>>>;

/**
 * Above the threshold an incident opens, below four fifths of it it ends: an amount that swings around
 * the threshold is one incident, not many.
 */
export function overThreshold(
  subject: string,
  amount: number,
  threshold: number,
  detail: string,
): Finding {
  if (amount > threshold) return { subject, kind: 'raised', since: null, due: true, detail };
  return amount > threshold * 0.8
    ? { subject, kind: 'unsure' }
    : { subject, kind: 'clear', detail };
}
