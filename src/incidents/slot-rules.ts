import { describeBytes, describeMs } from '../quantities/describe.ts';
import type { SlotFacts } from './facts.ts';
import { type Evidence, type Finding, overThreshold, type Rule, type RuleSet } from './finding.ts';

const subject = '';

export const slotRules = {
  lag_bytes: ofSlot(({ lagBytes }, { rules }) =>
    lagBytes === null
      ? { subject, kind: 'unsure' }
      : overThreshold(
          subject,
          lagBytes,
          rules.lagBytes,
          `${describeBytes(lagBytes)} of WAL are to be drained`,
        ),
  ),

  lag_age: ofSlot(({ oldestUnconfirmedMs: age }, { rules }) =>
    age === null
      ? { subject, kind: 'unsure' }
      : overThreshold(
          subject,
          age,
          rules.lagMs,
          age === 0
            ? 'everything is delivered'
            : `changes have been waiting for ${describeMs(age)} or longer`,
        ),
  ),

  slot_near_loss: ofSlot((slot, { rules }) => {
    const raised = { subject, kind: 'raised', since: null, due: true } as const;
    if (!slot.exists) return { ...raised, detail: `there is no slot "${slot.name}" any more` };
    if (slot.walStatus === 'lost') {
      return { ...raised, detail: 'the slot is lost: the server has removed WAL that it needs' };
    }
    if (slot.walStatus === 'unreserved') {
      return { ...raised, detail: 'its WAL may be removed at the next checkpoint of the server' };
    }
    const percent = slotUsedPercent(slot);
    if (percent === null) {
      return { subject, kind: 'clear', detail: 'nothing bounds the WAL that it may hold' };
    }
    const left = `${describeBytes(slot.safeBytes ?? 0)} of WAL are left before it can be lost`;
    const detail = `it uses ${Math.floor(percent)} % of what it may hold; ${left}`;
    return overThreshold(subject, percent, rules.slotUsedPercent, detail);
  }),
} satisfies RuleSet;

/** Of the WAL that the slot may hold; null: nothing bounds it. */
function slotUsedPercent({ safeBytes, maxHeldBytes }: SlotFacts): number | null {
  if (safeBytes === null || maxHeldBytes === null || maxHeldBytes === 0) return null;
  const used = 1 - safeBytes / maxHeldBytes;
  return Math.min(100, Math.max(0, used * 100));
}

function ofSlot(judge: (slot: SlotFacts, evidence: Evidence) => Finding): Rule {
  return (evidence) => {
    const { slot } = evidence.facts;
    return slot === null ? null : [judge(slot, evidence)];
  };
}
