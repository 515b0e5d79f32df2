import { endpointRules } from './endpoint-rules.ts';
import type { PipelineFacts } from './facts.ts';
import type { Evidence, Finding, Rule } from './finding.ts';
import {
  type AlertRules,
  type Incident,
  type IncidentKey,
  RULE_NAMES,
  type RuleName,
} from './incident.ts';
import { runRules } from './run-rules.ts';
import { skipRules } from './skip-rules.ts';
import { slotRules } from './slot-rules.ts';

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

const RULES: Readonly<Record<RuleName, Rule>> = {
  ...endpointRules,
  ...slotRules,
  ...runRules,
  ...skipRules,
};

/** What is wrong, and what was wrong and is not any more. Pure. */
export function judge(
  facts: PipelineFacts,
  rules: AlertRules,
  open: readonly Incident[],
): Judgement {
  const raised: Raised[] = [];
  const resolved: Resolved[] = [];
  const openNow: Evidence['open'] = (key) =>
    open.find(({ rule, subject }) => rule === key.rule && subject === key.subject);
  const evidence: Evidence = { facts, rules, open: openNow };

  for (const rule of RULE_NAMES) {
    const off = rules.off.includes(rule);
    const findings = off ? [] : RULES[rule](evidence);
    if (findings === null) continue;
    for (const finding of findings) {
      const { subject } = finding;
      if (finding.kind !== 'raised') continue;
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
  if (finding !== undefined) return finding.kind === 'clear' ? finding.detail : null;
  const why = off ? 'the rule was turned off' : 'the endpoint is not configured any more';
  return `Nobody looks at this any more: ${why}.`;
}
