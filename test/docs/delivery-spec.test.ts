import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcomeOf } from '../../src/sinks/http/answer.ts';
import { readPage, root, tableRows } from './markdown.ts';

const page = 'docs/delivery-spec.md';
const named = [...readPage(page).matchAll(/^- \[(?<name>.+)\]\(\.\.\/(?<file>test\/.+)\)$/gm)].map(
  ({ groups }) => ({ name: groups!['name']!, file: groups!['file']! }),
);

test.each(named)('$file has a test "$name"', ({ name, file }) => {
  const source = readFileSync(join(root, file), 'utf8');
  // The name of one of many may begin with what each of them fills in.
  expect(source.replaceAll("\\'", "'")).toMatch(new RegExp(`['"\`](%s )?${escape(name)}['"\`]`));
});

test('every promise names a test', () => {
  const sections = readPage(page).split(/^### /m).slice(1);
  expect(sections.length).toBe(12);
  for (const section of sections) expect(section).toMatch(/^- \[.+\]\(\.\.\/test\/.+\)$/m);
});

test('an answer means what the table says', () => {
  const rows = tableRows(page, 'answer', 'counts as');
  const described = rows.flatMap(([answers, kind]) =>
    statusesIn(answers!).map((status) => ({ status, kind })),
  );
  expect(described.length).toBeGreaterThan(15);
  for (const { status, kind } of described) {
    const answer = { status, header: () => null, body: '', ending: 'whole' as const };
    expect({ status, kind: outcomeOf(answer, 0, new Map()).kind }).toEqual({ status, kind });
  }
});

/** `408, 5xx` → 408, 500, 599. */
function statusesIn(text: string): number[] {
  const exact = [...text.matchAll(/\b\d{3}\b/g)].map(([status]) => Number(status));
  const classes = [...text.matchAll(/\b(\d)xx\b/g)].flatMap(([, first]) => [
    Number(`${first}00`),
    Number(`${first}99`),
  ]);
  return text.includes('all other') ? [...exact, 499] : [...exact, ...classes];
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
