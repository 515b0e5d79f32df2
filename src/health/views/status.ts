import type { Trouble } from '../diagnose.ts';

/** The fields are public: `conditions` of `status --json`. */
export type ConditionStatus = {
  /** What it is: the same in metrics and, where alerts tell it, the rule's name. */
  readonly condition: string;
  /** error: something is not delivered, or about to be lost; warning: it may come to that. */
  readonly severity: 'error' | 'warning';
  /** Whether the slot, or every drain, gets nowhere while it lasts: `/ready` answers 503. */
  readonly blocks: boolean;
  /** null where it is about the pipeline. */
  readonly endpoint: string | null;
  readonly message: string;
  readonly remedy: string;
  /** A place in the documentation. */
  readonly runbook: string;
};

const RUNBOOK = 'docs/operations.md';

export function conditionStatus(trouble: Trouble): ConditionStatus {
  const { condition, severity, blocks, endpoint, sentence: message, remedy, runbook } = trouble;
  const place = `${RUNBOOK}#${runbook}`;
  return { condition, severity, blocks, endpoint, message, remedy, runbook: place };
}

/** What is wrong and what to do, for a person to read. */
export function troubleText({ sentence, remedy }: Trouble): string {
  return `${sentence} ${remedy}`;
}
