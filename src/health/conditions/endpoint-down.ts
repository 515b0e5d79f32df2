import { ofConfigured } from '../about-endpoints.ts';
import { type AlertedCondition, type Evidence, raised } from '../condition.ts';
import type { EndpointFacts } from '../facts.ts';
import { TAKES_EVENTS, takesNothing, whatWasAnswered } from '../takes-nothing.ts';

export const endpointDown: AlertedCondition<'endpoint_down'> = {
  id: 'endpoint_down',
  runbook: 'an-endpoint-is-held',
  alert: {
    wrong: (endpoint) => `Endpoint "${endpoint}" is down`,
    over: (endpoint) => `Endpoint "${endpoint}" is up again`,
    means:
      'Its events wait, in their order, in the slot or parked in the state tables. Nothing is lost, and the other endpoints go on. While they wait in the slot, the database server keeps WAL on its disk.',
    toDo: (endpoint) => [
      'Make it answer 2xx again. Each drain tries it by itself; nothing has to be restarted.',
      `Not to wait for the next attempt: walhook endpoints resume ${endpoint}`,
      'If it takes hours, watch the WAL: walhook status',
    ],
  },
  look: ofConfigured((endpoint, evidence) => {
    const { name: subject, downSince, state, pause, reason } = endpoint;
    const { at } = evidence.facts;
    if (pause !== null) return { subject, kind: 'unsure' };
    const takesEvents = downSince === null && (state === 'active' || state === 'new');
    if (takesEvents) return { subject, kind: 'clear', detail: TAKES_EVENTS };
    if (isToldAsMisconfigured(endpoint, evidence)) return { subject, kind: 'unsure' };
    const opened = evidence.open?.({ rule: 'endpoint_down', subject })?.openedAt.getTime();
    const since = downSince ?? opened ?? at;
    return raised({
      subject,
      since,
      due: at - since >= evidence.thresholds.endpointDownMs,
      detail: whatWasAnswered(endpoint, evidence, 'endpoint_down') ?? reason ?? 'It takes nothing.',
      ...takesNothing(endpoint, at),
    });
  }),
};

/** One trouble is one incident: what refuses everything is not told as down besides. */
function isToldAsMisconfigured(
  { name: subject, downSince, lastFailure }: EndpointFacts,
  { off, open }: Evidence,
): boolean {
  const rule = 'endpoint_misconfigured';
  if (downSince === null || off.includes(rule)) return false;
  return lastFailure === 'misconfigured' || open?.({ rule, subject }) !== undefined;
}
