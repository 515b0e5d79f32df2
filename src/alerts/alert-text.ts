import type { Alert } from '../health/alerting/alert.ts';
import { visibleLine, visibleText } from '../quantities/visible-text.ts';

/** One line, for a subject or the head of a message. */
export function subjectLine({ pipeline, headline }: Alert): string {
  return visibleLine(`[walhook ${pipeline}] ${headline}`);
}

/** What a person reads at night on a telephone: plain text, short lines first. */
export function plainText(alert: Alert): string {
  const width = Math.max(...alert.particulars.map(([name]) => name.length)) + 2;
  const sections = [
    `${visibleLine(alert.headline)}.`,
    alert.particulars.map(([name, value]) => name.padEnd(width) + oneLine(value)).join('\n'),
    alert.means,
    toDoText(alert),
    alert.next,
  ];
  return visibleText(`${sections.filter((section) => section !== '').join('\n\n')}\n`);
}

function toDoText({ toDo, runbook }: Alert): string {
  if (toDo.length === 0) return '';
  const steps = toDo.map((step, index) => `${index + 1}. ${visibleLine(step)}`).join('\n');
  return `What to do:\n${steps}\n\nRunbook: ${runbook}`;
}

/** What an endpoint answered may hold anything. */
function oneLine(text: string): string {
  return visibleLine(text.replaceAll(/\s+/g, ' ').trim());
}
