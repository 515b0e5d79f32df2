import { ofConfigured } from '../about-endpoints.ts';
import { type AlertedCondition, raised } from '../condition.ts';
import { TAKES_EVENTS, takesNothing, whatWasAnswered } from '../takes-nothing.ts';

export const endpointMisconfigured: AlertedCondition<'endpoint_misconfigured'> = {
  id: 'endpoint_misconfigured',
  runbook: 'an-endpoint-is-held',
  alert: {
    wrong: (endpoint) => `Endpoint "${endpoint}" refuses walhook`,
    over: (endpoint) => `Endpoint "${endpoint}" takes events again`,
    means:
      'A URL, a path, a token or a secret is wrong, or a deploy went out without the route: not an event. Its events wait, in their order.',
    toDo: (endpoint) => [
      'See what was changed there last, and whether walhook has its current URL and token.',
      `See what it says now: walhook endpoints test ${endpoint}`,
    ],
  },
  look: ofConfigured((endpoint, evidence) => {
    const { name: subject, downSince: since, lastFailure, pause, reason } = endpoint;
    if (pause !== null) return { subject, kind: 'unsure' };
    if (since === null) return { subject, kind: 'clear', detail: TAKES_EVENTS };
    // A receiver may come back by way of a 503.
    if (lastFailure !== 'misconfigured') return { subject, kind: 'unsure' };
    return raised({
      subject,
      since,
      detail:
        whatWasAnswered(endpoint, evidence, 'endpoint_misconfigured') ?? `misconfigured: ${reason}`,
      ...takesNothing(endpoint, evidence.facts.at),
    });
  }),
};
