import type { Evidence, Finding } from '../condition.ts';
import { ALERTED } from '../conditions.ts';
import type { PipelineFacts } from '../facts.ts';
import { type AlertRules, type Incident, type IncidentKey, RULE_NAMES } from './incident.ts';

export type Raised = IncidentKey & {
  readonly since: Date;
  /** Whether somebody is to be told by now. */
  readonly due: boolean;
  readonly detail: string;
};

export type Resolved = IncidentKey & { readonly detail: string };

export type Judgement = {
  readonly raised: readonly Raised[];
  /** Of those that are open. The ones that are in neither list stay as they are. */
  readonly resolved: readonly Resolved[];
};

/** What is wrong, and what was wrong and is not any more. Pure. */
export function judge(
  facts: PipelineFacts,
  rules: AlertRules,
  open: readonly Incident[],
): Judgement {
  const raised: Raised[] = [];
  const resolved: Resolved[] = [];
  const openNow = (key: IncidentKey): Incident | undefined =>
    open.find(({ rule, subject }) => rule === key.rule && subject === key.subject);
  const evidence: Evidence = { facts, thresholds: rules, off: rules.off, open: openNow };

  for (const rule of RULE_NAMES) {
    const off = rules.off.includes(rule);
    const findings = off ? [] : ALERTED[rule].look(evidence);
    if (findings === null) continue;
    for (const finding of findings) {
      const { subject } = finding;
      if (finding.kind !== 'raised' || finding.due === null) continue;
      const { due, detail } = finding;
      const since = finding.since ?? openNow({ rule, subject })?.openedAt.getTime() ?? facts.at;
      raised.push({ rule, subject, since: new Date(Math.min(since, facts.at)), due, detail });
    }
    for (const { subject } of open.filter((incident) => incident.rule === rule)) {
      const detail = endOf(
        findings.find((finding) => finding.subject === subject),
        off,
      );
      if (detail !== null) resolved.push({ rule, subject, detail });
    }
  }
  return { raised, resolved };
}

/** Why an incident is over; null: it is not, or nobody knows. */
function endOf(finding: Finding | undefined, off: boolean): string | null {
  if (finding !== undefined) return isOver(finding) ? finding.detail : null;
  const why = off ? 'the rule was turned off' : 'the endpoint is not configured any more';
  return `Nobody looks at this any more: ${why}.`;
}

function isOver(finding: Finding): finding is Extract<Finding, { readonly detail: string }> {
  return finding.kind === 'clear' || (finding.kind === 'raised' && finding.due === null);
}
