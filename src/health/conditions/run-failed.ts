import { ERRORS } from '../../errors/catalogue.ts';
import { type AlertedCondition, type Evidence, raised } from '../condition.ts';
import type { RunFacts } from '../facts.ts';
import { sentenceOf } from '../refusal.ts';

const subject = '';

export const runFailed: AlertedCondition<'run_failed'> = {
  id: 'run_failed',
  runbook: 'every-error',
  alert: {
    wrong: () => 'Drains fail',
    over: () => 'Drains work again',
    means: 'Nothing is delivered meanwhile. Changes wait in the slot, which holds their WAL.',
    toDo: () => [
      'See what is wrong and what to do about it: walhook doctor',
      'Then drain once by hand: walhook drain',
    ],
  },
  look(evidence) {
    const { facts, thresholds } = evidence;
    if (facts.runs === null) return null;
    const [last] = facts.runs;
    if (last === undefined && evidence.open !== null) return null;
    if (last?.status !== 'failed') {
      return [{ subject, kind: 'clear', detail: 'The last drain did not fail.' }];
    }
    const first = firstOf(evidence, last);
    const count = failuresSince(facts.runs, first);
    const often = count === 1 ? 'The last drain failed' : `The last ${count} drains failed`;
    const why = last.error === null ? null : `${last.error.message} (${last.error.code})`;
    const isOften = count >= thresholds.failedRuns;
    // What passes by itself may have passed by now.
    const lasts = isOften || last.error === null || !ERRORS[last.error.code]?.retryable;
    return [
      raised({
        subject,
        severity: lasts ? 'error' : 'warning',
        blocks: lasts,
        since: first === -Infinity ? null : first,
        due: isOften,
        detail: `${often}: ${why ?? 'for no reason given'}`,
        sentence: sentenceOf(`${often}: ${why ?? 'no reason was given'}`),
        remedy: last.error?.remedy ?? 'Drain once by hand, and see what it says: walhook drain.',
      }),
    ];
  },
};

/**
 * In a row: from the first one on, for the incident ends with a drain that did not fail. Without that
 * bound drains would count that failed long ago, as those in between that found nothing left no trace.
 * Where no incident is looked at, the runs begin after the last drain that caught up.
 */
function firstOf({ open }: Evidence, last: RunFacts): number {
  if (open === null) return -Infinity;
  return open({ rule: 'run_failed', subject })?.openedAt.getTime() ?? last.startedAt;
}

function failuresSince(runs: readonly RunFacts[], first: number): number {
  const end = runs.findIndex(({ status, startedAt }) => status !== 'failed' || startedAt < first);
  return end === -1 ? runs.length : end;
}
