import type { Condition } from '../condition.ts';
import { refused, NOT_REFUSED } from '../refusal.ts';

/** The state tables are missing, of another version, or do not know the pipeline. Alerts live in them. */
export const stateNotReady: Condition<'state_not_ready'> = {
  id: 'state_not_ready',
  runbook: 'upgrading-walhook',
  alert: null,
  look: ({ facts: { stateProblem } }) => [
    stateProblem === null ? NOT_REFUSED : refused(stateProblem),
  ],
};
