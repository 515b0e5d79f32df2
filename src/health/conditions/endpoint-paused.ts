import { ofConfigured, parkedText, sinceText } from '../about-endpoints.ts';
import { type AlertedCondition, raised } from '../condition.ts';

export const endpointPaused: AlertedCondition<'endpoint_paused'> = {
  id: 'endpoint_paused',
  runbook: 'pausing-an-endpoint',
  alert: {
    wrong: (endpoint) => `Endpoint "${endpoint}" is paused`,
    over: (endpoint) => `Endpoint "${endpoint}" is not paused any more`,
    means:
      'Nothing is sent to it until a person resumes it. Its events wait, in the slot or parked in the state tables.',
    toDo: (endpoint) => [
      'If it answered 410, find out whether it is gone for good; if it is, take it out of the configuration.',
      `Else make it ready, and then: walhook endpoints resume ${endpoint}`,
      'Until then, watch the WAL: walhook status',
    ],
  },
  look: ofConfigured((endpoint, { facts: { at } }) => {
    const { name: subject, pause } = endpoint;
    if (pause === null) return { subject, kind: 'clear', detail: 'It is not paused any more.' };
    const paused = `The endpoint "${subject}" has been paused for ${sinceText(pause.at, at)} (${pause.reason})`;
    const found = { subject, since: pause.at, detail: pause.reason };
    if (pause.parks) {
      return raised({
        ...found,
        sentence: `${paused}: ${parkedText(endpoint)}.`,
        remedy: `walhook endpoints resume ${subject} sends them first.`,
      });
    }
    return raised({
      ...found,
      blocks: true,
      sentence: `${paused}: its events wait in the slot, which cannot move on.`,
      remedy: `walhook endpoints resume ${subject}, or let them be parked: walhook endpoints pause ${subject} --park`,
    });
  }),
};
