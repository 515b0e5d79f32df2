import type { Condition } from '../condition.ts';
import { refusedFor } from '../refusal.ts';

/** There is nothing that says which tables are drained. */
export const publicationMissing: Condition<'publication_missing'> = {
  id: 'publication_missing',
  runbook: 'the-publication-was-replaced',
  alert: 'run_failed',
  look: refusedFor((code) => code === 'publication_missing'),
};
