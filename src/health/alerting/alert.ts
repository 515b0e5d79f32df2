import { describeBytes, describeMs } from '../../quantities/describe.ts';
import { ALERTED } from '../conditions.ts';
import type { PipelineFacts, SlotFacts } from '../facts.ts';
import type { Incident } from './incident.ts';
import type { AlertKind, ClaimedMessage } from './incident-store.ts';

/** One message, ready for any channel to put into its own form. Holds no secret. */
export type Alert = {
  /** The same in every try; letters, digits, `_`, `-`, `:` and `~`. */
  readonly id: string;
  /** Of the incident's first message: what the others belong to. */
  readonly thread: string;
  readonly kind: AlertKind;
  readonly pipeline: string;
  readonly incident: Incident;
  /** One line: what is wrong, or is not any more. */
  readonly headline: string;
  /** What was seen, since when and how bad, as names with their values. */
  readonly particulars: readonly (readonly [string, string])[];
  readonly means: string;
  readonly toDo: readonly string[];
  /** A place in the documentation. */
  readonly runbook: string;
  /** When to expect the next message. */
  readonly next: string;
};

const RUNBOOK = 'docs/operations.md';

export function writeAlert(message: ClaimedMessage, facts: PipelineFacts, remindMs: number): Alert {
  const { kind, pipeline, incident, toldAt } = message;
  const { rule, subject, openedAt, resolvedAt } = incident;
  const { runbook, alert } = ALERTED[rule];
  const { wrong, over, means, toDo } = alert;
  const name = idOf(pipeline, incident);
  const reminded = kind === 'reminder' ? `:${toldAt?.getTime()}` : '';
  const end = resolvedAt?.getTime() ?? facts.at;
  const lasted = describeMs(Math.max(0, end - openedAt.getTime()));
  const isOver = kind === 'recovered';
  const headlines = {
    opened: wrong(subject),
    reminder: `Still: ${lowerFirst(wrong(subject))}`,
    recovered: over(subject),
  };
  return {
    id: `${name}:${kind}${reminded}`,
    thread: `${name}:opened`,
    kind,
    pipeline,
    incident,
    headline: headlines[kind],
    particulars: [
      [isOver ? 'Now' : 'Seen', incident.detail],
      ...(isOver ? [['Was', wrong(subject)] as const] : []),
      [isOver ? 'From' : 'Since', momentText(openedAt)],
      ...(resolvedAt === null ? [] : [['Until', momentText(resolvedAt)] as const]),
      [isOver ? 'Lasted' : 'For', lasted],
      ['Pipeline', pipeline],
      ...slotParticulars(facts.slot),
    ],
    means: isOver ? '' : means,
    toDo: isOver ? [] : toDo(subject),
    runbook: `${RUNBOOK}#${runbook}`,
    next: nextText(isOver, remindMs),
  };
}

/** An endpoint's name may hold a full stop, which the id of a webhook may not. */
function idOf(pipeline: string, { rule, subject, openedAt }: Incident): string {
  const about = subject === '' ? [pipeline, rule] : [pipeline, rule, subject];
  return [...about, openedAt.getTime()].join(':').replaceAll('.', '~');
}

function slotParticulars(slot: SlotFacts | null): (readonly [string, string])[] {
  if (slot === null || slot.heldBytes === null) return [];
  const held = `${describeBytes(slot.heldBytes)} held by the slot "${slot.name}"`;
  const left =
    slot.safeBytes === null
      ? 'nothing bounds it'
      : `${describeBytes(Math.max(0, slot.safeBytes))} more and it can be lost`;
  return [['WAL', `${held}; ${left}`]];
}

function nextText(isOver: boolean, remindMs: number): string {
  if (isOver) return 'This is the last message about it.';
  return remindMs === 0
    ? 'You are told once. The next message about it says that it is over.'
    : `You are told again every ${describeMs(remindMs)} until it is over, and then once more.`;
}

/** `2026-01-31 02:41:10 UTC`: read by people in several places. */
function momentText(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
