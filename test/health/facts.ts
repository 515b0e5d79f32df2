import type { EndpointFacts, PipelineFacts, SlotFacts } from '../../src/health/facts.ts';
import type { AlertRules } from '../../src/health/alerting/incident.ts';

export const NOW = Date.UTC(2026, 0, 31, 2, 46, 10);
export const MINUTE = 60_000;
export const GiB = 2 ** 30;

export const RULES: AlertRules = {
  off: [],
  endpointDownMs: 5 * MINUTE,
  deadLetters: 0,
  parkedPercent: 80,
  lagBytes: GiB,
  lagMs: 15 * MINUTE,
  slotUsedPercent: 70,
  failedRuns: 3,
  remindMs: 0,
};

export function slot(changes: Partial<SlotFacts> = {}): SlotFacts {
  return {
    name: 'shop_slot',
    exists: true,
    walStatus: 'reserved',
    lagBytes: 0,
    heldBytes: 0,
    safeBytes: null,
    maxHeldBytes: null,
    oldestUnconfirmedMs: 0,
    ...changes,
  };
}

export function endpoint(changes: Partial<EndpointFacts> = {}): EndpointFacts {
  return {
    name: 'billing',
    isConfigured: true,
    state: 'active',
    nextAttemptAt: null,
    missedFrom: null,
    reason: null,
    downSince: null,
    lastFailure: null,
    pause: null,
    deadLetters: 0,
    parkedEvents: 0,
    parkedBytes: 0,
    caps: null,
    ...changes,
  };
}

/** Everything is well, but for the changes. */
export function facts(changes: Partial<PipelineFacts> = {}): PipelineFacts {
  const run = { runId: 'r1', startedAt: NOW - 1_000, status: 'caught_up', error: null };
  return {
    pipeline: 'shop',
    at: NOW,
    slot: slot(),
    refusals: [],
    stateProblem: null,
    endpoints: [endpoint()],
    runs: [run],
    skips: [],
    ...changes,
  };
}
