import { countText } from '../about-endpoints.ts';
import { type Condition, type Finding, raised } from '../condition.ts';
import type { EndpointFacts } from '../facts.ts';

/**
 * An endpoint that this configuration does not name, and that something waits for. Drains without it
 * go well: alerts, which come from drains, are told of it by those that name it.
 */
export const endpointRemoved: Condition<'endpoint_removed'> = {
  id: 'endpoint_removed',
  runbook: 'an-endpoint-was-removed',
  alert: null,
  look: ({ facts: { endpoints } }) =>
    endpoints?.filter(({ isConfigured }) => !isConfigured).map(findingOf) ?? null,
};

function findingOf(endpoint: EndpointFacts): Finding {
  const { name: subject, parkedEvents, deadLetters, reason, pause } = endpoint;
  const left = [
    parkedEvents === 0 ? null : countText(parkedEvents, 'parked event'),
    deadLetters === 0 ? null : countText(deadLetters, 'dead letter'),
  ].filter((part) => part !== null);
  const leaves = left.length === 0 ? '' : ` It has ${left.join(' and ')} besides.`;
  if (waitsInSlot(endpoint)) {
    const why = pause === null ? (reason ?? 'no reason given') : `paused: ${pause.reason}`;
    return raised({
      subject,
      severity: 'error',
      detail: why,
      sentence: `The endpoint "${subject}" did not take its events in its last drain (${why}), and they wait in the slot; this call's configuration does not name it.${leaves}`,
      remedy: `Once it answers 2xx, drain with it: HTTP_ENDPOINT_URL, --endpoint-url or a configuration file. A drain without it passes over what is left for it.`,
    });
  }
  if (left.length === 0) return { subject, kind: 'clear', detail: 'Nothing is left of it.' };
  return raised({
    subject,
    detail: left.join(' and '),
    sentence: `The endpoint "${subject}" is not configured any more, and has ${left.join(' and ')}.`,
    remedy: 'Configure it again to send them, or forget them: see the runbook.',
  });
}

/** The slot has not moved on without it. */
function waitsInSlot({ state, pause, missedFrom }: EndpointFacts): boolean {
  if (missedFrom !== null) return false;
  return pause === null ? state === 'held' : !pause.parks && state === 'held';
}
