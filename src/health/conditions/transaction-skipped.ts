import { type AlertedCondition, raised } from '../condition.ts';

/** What is missing stays missing: after so long it is known, or it is in the records. */
const TOLD_FOR_MS = 24 * 60 * 60_000;

export const transactionSkipped: AlertedCondition<'transaction_skipped'> = {
  id: 'transaction_skipped',
  runbook: 'a-transaction-cannot-be-read',
  alert: {
    wrong: (commit) => `The transaction that committed at ${commit} is passed over`,
    over: (commit) => `The transaction at ${commit} was passed over, a day ago`,
    means:
      'It could not be read. No endpoint gets its changes; each gets the message walhook.skipped in their place. What committed before it and after it is delivered.',
    toDo: () => [
      'See what it was: walhook skip',
      'Bring the rows that it changed to the receivers by other means: they cannot tell what they miss.',
    ],
  },
  look({ facts: { skips, at } }) {
    if (skips === null) return null;
    return skips.map(({ commitLsn: subject, requestedAt, requestedBy, reason, error }) => {
      const detail = `${requestedBy} had it passed over (${reason}): ${error}`;
      if (at - requestedAt >= TOLD_FOR_MS) return { subject, kind: 'clear', detail };
      return raised({
        subject,
        since: requestedAt,
        detail,
        sentence: `The transaction that committed at ${subject} is passed over, and no endpoint gets its changes: ${detail}.`,
        remedy:
          'Bring the rows that it changed to the receivers by other means (walhook skip shows what it was); a day later this is not told any more.',
      });
    });
  },
};
