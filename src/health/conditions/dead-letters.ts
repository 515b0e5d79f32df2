import { countText, ofConfigured } from '../about-endpoints.ts';
import { type AlertedCondition, raised } from '../condition.ts';

export const deadLetters: AlertedCondition<'dead_letters'> = {
  id: 'dead_letters',
  runbook: 'dead-letters',
  alert: {
    wrong: (endpoint) => `Endpoint "${endpoint}" has dead letters`,
    over: (endpoint) => `Endpoint "${endpoint}": the dead letters are dealt with`,
    means:
      'It refused these events, or they were too large to send. They are kept in the state tables; everything else goes on.',
    toDo: (endpoint) => [
      `See why: walhook dead-letters list --endpoint ${endpoint}`,
      `Once it takes them: walhook dead-letters redrive --endpoint ${endpoint}`,
    ],
  },
  look: ofConfigured(({ name: subject, deadLetters: letters }, { thresholds }) => {
    const detail = `${letters} dead ${letters === 1 ? 'letter' : 'letters'}`;
    if (letters === 0) return { subject, kind: 'clear', detail };
    return raised({
      subject,
      // One is a trouble; alerts may be told to be silent about some.
      due: letters > thresholds.deadLetters ? true : null,
      detail,
      sentence: `The endpoint "${subject}" has ${countText(letters, 'dead letter')}.`,
      remedy: `See walhook dead-letters list --endpoint ${subject}`,
    });
  }),
};
