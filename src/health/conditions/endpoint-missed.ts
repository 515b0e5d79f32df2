import { ofConfigured } from '../about-endpoints.ts';
import { type Condition, raised } from '../condition.ts';

/** Drains go well: the next one logs it, and it is over. */
export const endpointMissed: Condition<'endpoint_missed'> = {
  id: 'endpoint_missed',
  runbook: 'an-endpoint-was-removed',
  alert: null,
  look: ofConfigured(({ name: subject, missedFrom: from }) => {
    if (from === null) return { subject, kind: 'clear', detail: 'It has missed nothing.' };
    return raised({
      subject,
      detail: `changes after ${from} were drained without it`,
      sentence: `The endpoint "${subject}" was not configured while changes after ${from} were drained: it will not get these.`,
      remedy: "The next drain sends it what comes after the slot's position.",
    });
  }),
};
