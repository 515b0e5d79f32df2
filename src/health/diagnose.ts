import type { Severity } from './condition.ts';
import { type ConditionId, CONDITIONS } from './conditions.ts';
import type { PipelineFacts } from './facts.ts';
import type { Thresholds } from './thresholds.ts';

/** One thing that is wrong. */
export type Trouble = {
  readonly condition: ConditionId;
  /** null where it is about the pipeline, or about one of its transactions. */
  readonly endpoint: string | null;
  readonly severity: Severity;
  /** No drain gets on while it lasts, or the slot does not. */
  readonly blocks: boolean;
  readonly sentence: string;
  readonly remedy: string;
  /** A heading of docs/operations.md, as its link has it. */
  readonly runbook: string;
};

/** What is wrong, the worst first. Pure. */
export function diagnose(facts: PipelineFacts, thresholds: Thresholds): readonly Trouble[] {
  const evidence = { facts, thresholds, off: [], open: null };
  const troubles = CONDITIONS.flatMap(({ id, runbook, look }): Trouble[] =>
    (look(evidence) ?? []).flatMap((finding) => {
      if (finding.kind !== 'raised') return [];
      const { subject, severity, blocks, sentence, remedy } = finding;
      const endpoint = subject === '' || id === 'transaction_skipped' ? null : subject;
      return [{ condition: id, endpoint, severity, blocks, sentence, remedy, runbook }];
    }),
  );
  const told = isToldOtherwise(facts)
    ? troubles.filter(({ condition }) => condition !== 'run_failed')
    : troubles;
  return told.toSorted((a, b) => weightOf(b) - weightOf(a));
}

/** That drains fail says nothing more where it is known already what they refuse. */
function isToldOtherwise({ refusals, runs }: PipelineFacts): boolean {
  const code = runs?.[0]?.error?.code;
  return refusals?.some((fault) => fault.code === code) ?? false;
}

function weightOf({ severity, blocks }: Trouble): number {
  return (severity === 'error' ? 2 : 0) + (blocks ? 1 : 0);
}
