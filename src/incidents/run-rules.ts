import type { RunFacts } from './facts.ts';
import type { RuleSet } from './finding.ts';

const subject = '';

export const runRules = {
  run_failed: ({ facts, rules, open }) => {
    const [last] = facts.runs ?? [];
    if (facts.runs === null || last === undefined) return null;
    if (last.status !== 'failed') {
      return [{ subject, kind: 'clear', detail: 'The last drain did not fail.' }];
    }
    const opened = open({ rule: 'run_failed', subject })?.openedAt.getTime();
    const first = opened ?? last.startedAt;
    const count = failuresSince(facts.runs, first);
    const often = count === 1 ? 'The last drain failed' : `The last ${count} drains failed`;
    const detail = `${often}: ${last.error ?? 'for no reason given'}`;
    return [{ subject, kind: 'raised', since: first, due: count >= rules.failedRuns, detail }];
  },
} satisfies RuleSet;

/**
 * In a row: from the first one on, for the incident ends with a drain that did not fail. Without that
 * bound drains would count that failed long ago, as those in between that found nothing left no trace.
 */
function failuresSince(runs: readonly RunFacts[], first: number): number {
  const end = runs.findIndex(({ status, startedAt }) => status !== 'failed' || startedAt < first);
  return end === -1 ? runs.length : end;
}
