import { describeSamples, describeTarget } from './figure.mjs';

const HEAD = ['figure', 'median (min–max)', 'target'];

/** Every row's figures, as bench/results/latest.md. */
export function renderReport({ environment, rows }, source) {
  const sections = Object.entries(rows).map(
    ([letter, row]) =>
      `## ${letter}. ${row.title}\n\n${describeRun(row)}\n\n${table(HEAD, row.figures.map(describeCells))}`,
  );
  return `# Bench results

${describeMachine(environment)}

Written by \`npm run bench\` from [${source}](${source}), which holds every sample. What is measured and
how: [bench/README.md](../README.md). Each figure is the median (min–max) of its rounds; "floor" is
the time that Postgres alone takes to decode the same range, measured in the same round.

${sections.join('\n\n')}
`;
}

/** The headline figures alone, for the project's README. */
export function renderSummary({ environment, rows }) {
  const lines = Object.values(rows).flatMap(({ title, figures }) =>
    figures
      .filter((figure) => figure.headline)
      .map((figure, index) => [index === 0 ? title : '', ...describeCells(figure)]),
  );
  const busy = Object.values(rows).some((row) => row.busy);
  const warning = busy ? ' The machine was busy: take the figures as preliminary.' : '';
  return [table(['what', ...HEAD], lines), `${describeMachine(environment)}${warning}`].join(
    '\n\n',
  );
}

function describeMachine({ cpu, cpus, memoryGiB, node, postgres, walhook }) {
  return `walhook ${walhook} on ${cpus} CPUs (${cpu}), ${memoryGiB} GiB, Node ${node}, embedded PostgreSQL ${postgres}, fsync off; database, walhook and receiver share the machine.`;
}

function describeRun({ at, load, busy, rounds, commit }) {
  const warning = busy ? ' **The machine was busy: preliminary.**' : '';
  return `${at.slice(0, 16).replace('T', ' ')} UTC, commit ${commit ?? 'unknown'}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, load ${load} at the start.${warning}`;
}

function describeCells(figure) {
  return [figure.name, describeSamples(figure), describeTarget(figure)];
}

/** Aligned as Prettier would have it, which checks the README. */
function table(head, lines) {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...lines].map((cells) => cells[column].length)),
  );
  const row = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [row(head), row(widths.map((width) => '-'.repeat(width))), ...lines.map(row)].join('\n');
}
