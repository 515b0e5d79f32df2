import type { Condition } from '../condition.ts';
import { refusedFor } from '../refusal.ts';

/** The slot stands where no drain left it, or the pipeline is drained from another one. */
export const slotReplaced: Condition<'slot_replaced'> = {
  id: 'slot_replaced',
  runbook: 'the-slot-was-replaced',
  alert: 'run_failed',
  look: refusedFor((code) => code === 'slot_replaced'),
};
