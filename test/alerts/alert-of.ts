import { type Alert, writeAlert } from '../../src/health/alerting/alert.ts';
import type { Incident } from '../../src/health/alerting/incident.ts';
import type { ClaimedMessage } from '../../src/health/alerting/incident-store.ts';
import { facts, GiB, MINUTE, NOW, slot } from '../health/facts.ts';

export function message(
  incident: Partial<Incident> = {},
  changes: Partial<ClaimedMessage> = {},
): ClaimedMessage {
  return {
    pipeline: 'shop',
    kind: 'opened',
    incident: {
      rule: 'endpoint_down',
      subject: 'billing.eu',
      openedAt: new Date(NOW - 5 * MINUTE),
      resolvedAt: null,
      detail: 'unavailable: HTTP 503: upstream connect error',
      ...incident,
    },
    claimedAt: new Date(NOW),
    toldAt: null,
    attempt: 1,
    owed: [],
    ...changes,
  };
}

/** What is said of an incident while the slot holds more than a gibibyte. */
export function alertOf(claimed: ClaimedMessage = message(), remindMs = 0): Alert {
  const held = { heldBytes: 1.2 * GiB, safeBytes: 8.8 * GiB, maxHeldBytes: 10 * GiB };
  return writeAlert(claimed, facts({ slot: slot(held) }), remindMs);
}
