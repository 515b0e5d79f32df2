import type { StoredDeadLetter } from '../../drain/state-store.ts';
import { keyText } from '../../operations/described-dead-letter.ts';
import { describeMs } from '../../quantities/describe.ts';
import { alignColumns } from './columns.ts';

/** Two lines a letter: what it is, and below, cut to the terminal's width, what was said of it. */
export function deadLetterTable(
  letters: readonly StoredDeadLetter[],
  now: number,
  width: number,
): string[] {
  const head = ['id', 'endpoint', 'table', 'key', 'op', 'reason', 'tries', 'when'];
  const [headLine, ...lines] = alignColumns([
    head,
    ...letters.map((letter) => [
      String(letter.id),
      letter.endpoint,
      tableText(letter),
      shortKey(letter),
      letter.operation,
      letter.reason,
      String(letter.attempts),
      `${agoText(letter.createdAt, now)} ago`,
    ]),
  ]);
  return [headLine!, ...lines.flatMap((line, index) => [line, detailLine(letters[index]!, width)])];
}

/** Everything that is kept of it, the content last. */
export function deadLetterLines(letter: StoredDeadLetter, now: number): string[] {
  const { answer, body, headers } = letter;
  const facts = [
    ['id', String(letter.id)],
    ['endpoint', letter.endpoint],
    ['event', letter.eventId],
    ['table', tableText(letter)],
    ['key', keyText(letter) ?? '-'],
    ['op', letter.operation],
    ['reason', letter.reason],
    ['detail', letter.detail],
    ['tries', triesText(letter, now)],
    ['set aside', `${letter.createdAt.toISOString()}, ${agoText(letter.createdAt, now)} ago`],
    ...(answer === null ? [] : [['answer', `HTTP ${answer.status}`]]),
    ...Object.entries(headers).map(([name, value]) => ['header', `${name}: ${value}`]),
  ];
  return [
    ...alignColumns(facts),
    ...(answer === null || answer.body === ''
      ? []
      : ['', 'what came back', ...answer.body.split('\n')]),
    '',
    body === null ? 'Its content was not kept: it was too large to be read.' : 'content',
    ...(body === null ? [] : [body]),
  ];
}

function triesText({ attempts, lastAttemptAt }: StoredDeadLetter, now: number): string {
  return lastAttemptAt === null
    ? String(attempts)
    : `${attempts}, the last one ${agoText(lastAttemptAt, now)} ago`;
}

function tableText({ schema, table }: StoredDeadLetter): string {
  return table === null ? '-' : `${schema}.${table}`;
}

const MAX_KEY = 40;

/** On one line, and no wider than a table can bear. */
function shortKey(letter: StoredDeadLetter): string {
  const key = (keyText(letter) ?? '-').replaceAll(/\p{Cc}/gu, ' ');
  return key.length <= MAX_KEY ? key : `${key.slice(0, MAX_KEY - 1)}…`;
}

function detailLine({ detail }: StoredDeadLetter, width: number): string {
  const line = `      ${detail.replaceAll(/\s+/g, ' ')}`;
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

function agoText(instant: Date, now: number): string {
  return describeMs(Math.max(0, now - instant.getTime()));
}
