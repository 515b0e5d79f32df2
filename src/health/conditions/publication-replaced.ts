import type { Condition } from '../condition.ts';
import { refusedFor } from '../refusal.ts';

/** What the slot reads by was dropped and made again. */
export const publicationReplaced: Condition<'publication_replaced'> = {
  id: 'publication_replaced',
  runbook: 'the-publication-was-replaced',
  alert: 'run_failed',
  look: refusedFor((code) => code === 'publication_replaced'),
};
