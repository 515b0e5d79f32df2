import { describeMs } from '../../quantities/describe.ts';
import { overThreshold } from '../amount.ts';
import type { AlertedCondition } from '../condition.ts';
import { SEE_WHAT_IS_SLOW } from '../slow.ts';

const subject = '';

export const lagAge: AlertedCondition<'lag_age'> = {
  id: 'lag_age',
  runbook: 'the-lag-grows',
  alert: {
    wrong: () => 'Changes wait for too long',
    over: () => 'No change waits for long any more',
    means: 'What receivers have is older than you want it to be.',
    toDo: () => SEE_WHAT_IS_SLOW,
  },
  look({ facts: { slot }, thresholds }) {
    if (slot === null) return null;
    const { oldestUnconfirmedMs: age } = slot;
    if (age === null) return [{ subject, kind: 'unsure' }];
    const waiting = `hanges have been waiting for ${describeMs(age)} or longer`;
    const found = {
      subject,
      detail: age === 0 ? 'everything is delivered' : `c${waiting}`,
      sentence: `C${waiting}.`,
      remedy: 'Drain once by hand, without a deadline, and see what is slow: walhook drain.',
    };
    return [overThreshold(age, thresholds.lagMs, found)];
  },
};
