import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every page that people read. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/outbox/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

export type Block = {
  readonly page: string;
  /** Of the fence, from 1. */
  readonly line: number;
  /** The word after the fence; empty for none. */
  readonly language: string;
  readonly text: string;
};

/** The fenced code blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { indent: string; language: string; line: number; lines: string[] } | null = null;
  for (const [index, line] of readPage(page).split('\n').entries()) {
    const fence = /^(\s*)```\s*(\S*)/.exec(line);
    if (open === null) {
      if (fence !== null)
        open = { indent: fence[1]!, language: fence[2]!, line: index + 1, lines: [] };
    } else if (fence !== null) {
      const { language, line: at, lines } = open;
      blocks.push({ page, line: at, language, text: lines.join('\n') });
      open = null;
    } else {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  return blocks;
}

/** Rows of the tables whose header has these names, as cells without their backticks. */
export function tableRows(page: string, ...header: readonly string[]): string[][] {
  const rows: string[][] = [];
  let inTable = false;
  for (const line of readPage(page).split('\n')) {
    const cells = cellsOf(line);
    if (cells.length === 0) inTable = false;
    else if (header.every((name, index) => cells[index] === name)) inTable = true;
    else if (inTable && !cells.every((cell) => /^:?-+:?$/.test(cell))) rows.push(cells);
  }
  return rows;
}

function cellsOf(line: string): string[] {
  if (!line.startsWith('|')) return [];
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) =>
      cell
        .trim()
        .replaceAll('\\|', '|')
        .replace(/^`([^`]*)`$/, '$1'),
    );
}
