import type { Condition } from '../condition.ts';
import { refusedFor } from '../refusal.ts';

/** The server is another one, or on another timeline. */
export const clusterChanged: Condition<'cluster_changed'> = {
  id: 'cluster_changed',
  runbook: 'failover',
  alert: 'run_failed',
  look: refusedFor((code) => code === 'cluster_changed'),
};
