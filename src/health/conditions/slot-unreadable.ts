import type { ErrorCode } from '../../errors/catalogue.ts';
import type { Condition } from '../condition.ts';
import { refusedFor } from '../refusal.ts';

/** That it is gone or lost, and that it is not the one that was, are conditions of their own. */
const SAID_ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'slot_missing',
  'slot_lost',
  'slot_replaced',
]);

/** The slot is there and nothing that walhook reads: another plugin's, of another kind, being made. */
export const slotUnreadable: Condition<'slot_unreadable'> = {
  id: 'slot_unreadable',
  runbook: 'every-error',
  alert: 'run_failed',
  look: refusedFor((code) => code.startsWith('slot_') && !SAID_ELSEWHERE.has(code)),
};
