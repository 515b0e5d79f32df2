import type { Thresholds } from '../thresholds.ts';

/** What can be wrong. The names are public: in the state tables, in webhooks, in `alertRules.off`. */
export const RULE_NAMES = [
  'endpoint_down',
  'endpoint_misconfigured',
  'endpoint_paused',
  'dead_letters',
  'parked_near_cap',
  'lag_bytes',
  'lag_age',
  'slot_near_loss',
  'wal_unbounded',
  'run_failed',
  'transaction_skipped',
] as const;

export type RuleName = (typeof RULE_NAMES)[number];

/** At most one incident with the same key is open at a time. */
export type IncidentKey = {
  readonly rule: RuleName;
  /** The endpoint's name, a transaction's commit LSN, or empty where it is about the pipeline. */
  readonly subject: string;
};

/** null where it is about the pipeline, or about one of its transactions. */
export function endpointOf({ rule, subject }: IncidentKey): string | null {
  return subject === '' || rule === 'transaction_skipped' ? null : subject;
}

export type Incident = IncidentKey & {
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
  /** What was seen last: what is wrong, or, once it is resolved, what is well again. */
  readonly detail: string;
};

/** When somebody is told, beside what is wrong at once. */
export type AlertRules = Thresholds & {
  readonly off: readonly RuleName[];
  /** 0: never. */
  readonly remindMs: number;
};
