import type { Incident, IncidentKey, RuleName } from './alerting/incident.ts';
import type { PipelineFacts } from './facts.ts';
import type { Thresholds } from './thresholds.ts';

/** error: something is not delivered, or about to be lost. warning: it will come to that, or may. */
export type Severity = 'error' | 'warning';

/** What is seen of a condition in one subject. */
export type Finding = {
  /** The endpoint's name, a transaction's commit LSN, or empty where it is about the pipeline. */
  readonly subject: string;
} & (
  | {
      readonly kind: 'raised';
      readonly severity: Severity;
      /** No drain gets on while it lasts, or the slot does not: the pipeline is not ready. */
      readonly blocks: boolean;
      /** Since when, in milliseconds since the epoch; null: it was not seen before. */
      readonly since: number | null;
      /** Whether alerts tell it by now; null: it is less than they are to tell of. */
      readonly due: boolean | null;
      /** What was seen. */
      readonly detail: string;
      /** What is wrong, as a sentence: the same wherever it is said. */
      readonly sentence: string;
      /** What to do, as one sentence or some. */
      readonly remedy: string;
    }
  | {
      readonly kind: 'clear';
      /** What is well again, where it was raised before. */
      readonly detail: string;
    }
  /** Neither raises it nor ends it. */
  | { readonly kind: 'unsure' }
);

type Raised = Extract<Finding, { readonly kind: 'raised' }>;

/** A warning that is told at once, unless it is said otherwise. */
export function raised(
  found: Pick<Raised, 'subject' | 'detail' | 'sentence' | 'remedy'> & Partial<Raised>,
): Finding {
  return { kind: 'raised', severity: 'warning', blocks: false, since: null, due: true, ...found };
}

export type Evidence = {
  readonly facts: PipelineFacts;
  readonly thresholds: Thresholds;
  /** Rules that tell nobody: what they would have told is another's then. */
  readonly off: readonly RuleName[];
  /** What is open already; null where incidents are not looked at. */
  readonly open: ((key: IncidentKey) => Incident | undefined) | null;
};

/** How alerts speak of it, beside what was seen. */
export type Advice = {
  /** What is wrong with a subject, without its full stop. */
  readonly wrong: (subject: string) => string;
  /** What is said once it is over. */
  readonly over: (subject: string) => string;
  /** What it does to the rest. */
  readonly means: string;
  /** The first thing first. */
  readonly toDo: (subject: string) => readonly string[];
};

/** One thing that can be wrong with a pipeline. All views say it by this alone. */
export type Condition<Id extends string = string> = {
  /** Public: in `status --json`, in metrics, and of what alerts tell, in `alertRules.off`. */
  readonly id: Id;
  /** A heading of docs/operations.md, as its link has it. */
  readonly runbook: string;
  /**
   * How alerts tell it; or the rule that they tell it by; or null: nobody has to be told, for drains
   * go well, or nobody could be.
   */
  readonly alert: Advice | RuleName | null;
  /** null: what it would have to know could not be read. */
  readonly look: (evidence: Evidence) => readonly Finding[] | null;
};

/** One that alerts tell in words of its own: its id is the rule's name. */
export type AlertedCondition<Id extends RuleName = RuleName> = Condition<Id> & {
  readonly alert: Advice;
};
