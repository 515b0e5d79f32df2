import { describeBytes } from '../../quantities/describe.ts';
import { overThreshold } from '../amount.ts';
import { type AlertedCondition, raised } from '../condition.ts';
import type { SlotFacts } from '../facts.ts';
import { sentenceOf } from '../refusal.ts';

const subject = '';
const DRAIN_NOW = 'Drain now, and see that every endpoint answers.';

export const slotNearLoss: AlertedCondition<'slot_near_loss'> = {
  id: 'slot_near_loss',
  runbook: 'the-disk-fills-with-wal',
  alert: {
    wrong: () => 'The replication slot is lost or about to be',
    over: () => 'The replication slot is safe again',
    means: 'With the slot goes every change that was not delivered. This is the one to get up for.',
    toDo: () => [
      'Drain now, without a deadline: walhook drain',
      'See that every endpoint answers: walhook status',
      'If the slot is lost already, the runbook says how to go on.',
    ],
  },
  look({ facts: { slot, refusals }, thresholds }) {
    if (slot === null) return null;
    const gone = { subject, severity: 'error', blocks: true } as const;
    const fault = refusals?.find(({ code }) => code === 'slot_missing' || code === 'slot_lost');
    const said = (otherwise: string) => ({
      sentence: sentenceOf(fault?.message ?? otherwise),
      remedy: fault?.remedy ?? 'See the runbook.',
    });
    if (!slot.exists) {
      const detail = `there is no slot "${slot.name}" any more`;
      return [raised({ ...gone, detail, ...said(detail) })];
    }
    if (slot.walStatus === 'lost' || fault !== undefined) {
      const detail = 'the slot is lost: the server has removed WAL that it needs';
      return [raised({ ...gone, detail, ...said(detail) })];
    }
    if (slot.walStatus === 'unreserved') {
      return [
        raised({
          subject,
          severity: 'error',
          detail: 'its WAL may be removed at the next checkpoint of the server',
          sentence: 'The slot is about to be lost: its WAL may be removed at any checkpoint.',
          remedy: DRAIN_NOW,
        }),
      ];
    }
    const percent = usedPercent(slot);
    if (percent === null) {
      return [{ subject, kind: 'clear', detail: 'nothing bounds the WAL that it may hold' }];
    }
    const safe = describeBytes(Math.max(0, slot.safeBytes ?? 0));
    const found = {
      subject,
      detail: `it uses ${Math.floor(percent)} % of what it may hold; ${safe} of WAL are left before it can be lost`,
      sentence: `The slot can be lost after another ${safe} of WAL.`,
      remedy: DRAIN_NOW,
    };
    return [overThreshold(percent, thresholds.slotUsedPercent, found)];
  },
};

/** Of the WAL that the slot may hold; null: nothing bounds it. */
function usedPercent({ safeBytes, maxHeldBytes }: SlotFacts): number | null {
  if (safeBytes === null || maxHeldBytes === null || maxHeldBytes === 0) return null;
  const used = 1 - safeBytes / maxHeldBytes;
  return Math.min(100, Math.max(0, used * 100));
}
