import type { RuleSet } from './finding.ts';

/** What is missing stays missing: after so long it is known, or it is in the records. */
const TOLD_FOR_MS = 24 * 60 * 60_000;

export const skipRules = {
  transaction_skipped: ({ facts }) => {
    if (facts.skips === null) return null;
    return facts.skips.map(({ commitLsn: subject, requestedAt, requestedBy, reason, error }) => {
      const detail = `${requestedBy} had it passed over (${reason}): ${error}`;
      if (facts.at - requestedAt >= TOLD_FOR_MS) return { subject, kind: 'clear', detail };
      return { subject, kind: 'raised', since: requestedAt, due: true, detail };
    });
  },
} satisfies RuleSet;
