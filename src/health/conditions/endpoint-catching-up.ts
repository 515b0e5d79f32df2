import { ofConfigured, parkedText } from '../about-endpoints.ts';
import { type Condition, raised } from '../condition.ts';

/** Its drains go well: nobody has to be told. */
export const endpointCatchingUp: Condition<'endpoint_catching_up'> = {
  id: 'endpoint_catching_up',
  runbook: 'events-are-parked',
  alert: null,
  look: ofConfigured((endpoint) => {
    const { name: subject, state, downSince, pause, parkedEvents } = endpoint;
    const takesEvents = pause === null && state === 'active' && downSince === null;
    if (!takesEvents || parkedEvents === 0) {
      return { subject, kind: 'clear', detail: 'Nothing is parked behind it.' };
    }
    return raised({
      subject,
      detail: parkedText(endpoint),
      sentence: `The endpoint "${subject}" is catching up: ${parkedText(endpoint)}.`,
      remedy: 'They go first, in order, and each drain goes on with them.',
    });
  }),
};
