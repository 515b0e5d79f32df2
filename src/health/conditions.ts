import type { RuleName } from './alerting/incident.ts';
import type { AlertedCondition } from './condition.ts';
import { clusterChanged } from './conditions/cluster-changed.ts';
import { deadLetters } from './conditions/dead-letters.ts';
import { endpointCatchingUp } from './conditions/endpoint-catching-up.ts';
import { endpointDown } from './conditions/endpoint-down.ts';
import { endpointMisconfigured } from './conditions/endpoint-misconfigured.ts';
import { endpointMissed } from './conditions/endpoint-missed.ts';
import { endpointPaused } from './conditions/endpoint-paused.ts';
import { endpointRemoved } from './conditions/endpoint-removed.ts';
import { lagAge } from './conditions/lag-age.ts';
import { lagBytes } from './conditions/lag-bytes.ts';
import { parkedNearCap } from './conditions/parked-near-cap.ts';
import { publicationMissing } from './conditions/publication-missing.ts';
import { publicationReplaced } from './conditions/publication-replaced.ts';
import { runFailed } from './conditions/run-failed.ts';
import { slotNearLoss } from './conditions/slot-near-loss.ts';
import { slotReplaced } from './conditions/slot-replaced.ts';
import { slotUnreadable } from './conditions/slot-unreadable.ts';
import { stateNotReady } from './conditions/state-not-ready.ts';
import { transactionSkipped } from './conditions/transaction-skipped.ts';
import { walUnbounded } from './conditions/wal-unbounded.ts';

/** All that can be wrong with a pipeline: what is worse comes first. */
export const CONDITIONS = [
  slotUnreadable,
  slotNearLoss,
  clusterChanged,
  slotReplaced,
  publicationMissing,
  publicationReplaced,
  stateNotReady,
  walUnbounded,
  runFailed,
  transactionSkipped,
  endpointDown,
  endpointMisconfigured,
  endpointPaused,
  endpointCatchingUp,
  parkedNearCap,
  lagBytes,
  lagAge,
  deadLetters,
  endpointMissed,
  endpointRemoved,
] as const;

export type ConditionId = (typeof CONDITIONS)[number]['id'];

/** Those that alerts tell in words of their own, by the rule's name. */
export const ALERTED: { readonly [Id in RuleName]: AlertedCondition<Id> } = {
  endpoint_down: endpointDown,
  endpoint_misconfigured: endpointMisconfigured,
  endpoint_paused: endpointPaused,
  dead_letters: deadLetters,
  parked_near_cap: parkedNearCap,
  lag_bytes: lagBytes,
  lag_age: lagAge,
  slot_near_loss: slotNearLoss,
  wal_unbounded: walUnbounded,
  run_failed: runFailed,
  transaction_skipped: transactionSkipped,
};
