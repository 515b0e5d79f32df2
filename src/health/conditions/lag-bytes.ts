import { describeBytes } from '../../quantities/describe.ts';
import { overThreshold } from '../amount.ts';
import type { AlertedCondition } from '../condition.ts';
import { SEE_WHAT_IS_SLOW } from '../slow.ts';

const subject = '';

export const lagBytes: AlertedCondition<'lag_bytes'> = {
  id: 'lag_bytes',
  runbook: 'the-lag-grows',
  alert: {
    wrong: () => 'Much WAL waits to be drained',
    over: () => 'The WAL that waits is little again',
    means: 'More is written than is delivered. The slot holds that WAL on the disk of the server.',
    toDo: () => SEE_WHAT_IS_SLOW,
  },
  look({ facts: { slot }, thresholds }) {
    if (slot === null) return null;
    const { lagBytes: lag } = slot;
    if (lag === null) return [{ subject, kind: 'unsure' }];
    const detail = `${describeBytes(lag)} of WAL are to be drained`;
    const found = {
      subject,
      detail,
      sentence: `${detail}.`,
      remedy: 'Drain once by hand, without a deadline, and see what is slow: walhook drain.',
    };
    return [overThreshold(lag, thresholds.lagBytes, found)];
  },
};
