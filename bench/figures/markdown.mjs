import { describeSamples, describeTarget } from './figure.mjs';

/** Every row's figures, as bench/results/latest.md. */
export function renderReport({ environment, rows }, source) {
  const sections = Object.entries(rows).map(
    ([letter, row]) => `## ${letter}. ${row.title}\n\n${describeRun(row)}\n\n${table(row.figures)}`,
  );
  return `# Bench results

${describeMachine(environment)}

Written by \`npm run bench\` from [${source}](${source}), which holds every sample. What is measured
and how: [bench/README.md](../README.md). Each figure is the median (min–max) of its rounds; "floor"
is the time that Postgres alone takes to decode the same range, measured in the same round.

${sections.join('\n\n')}
`;
}

/** The headline figures alone, for the project's README. */
export function renderSummary({ environment, rows }) {
  const headlines = Object.values(rows).flatMap((row) =>
    row.figures
      .filter((figure) => figure.headline)
      .map((figure) => ({ ...figure, name: `${row.title}: ${figure.name}` })),
  );
  const busy = Object.values(rows).some((row) => row.busy);
  return [
    table(headlines),
    `${describeMachine(environment)}${busy ? ' The machine was busy: take the figures as preliminary.' : ''}`,
  ].join('\n\n');
}

function describeMachine({ cpu, cpus, memoryGiB, node, postgres, walhook }) {
  return `walhook ${walhook} on ${cpus} CPUs (${cpu}), ${memoryGiB} GiB, Node ${node}, embedded PostgreSQL ${postgres}, fsync off; database, walhook and receiver share the machine.`;
}

function describeRun({ at, load, busy, rounds, commit }) {
  const warning = busy ? ' **The machine was busy: preliminary.**' : '';
  return `${at.slice(0, 16).replace('T', ' ')} UTC, commit ${commit ?? 'unknown'}, ${rounds} rounds, load ${load} at the start.${warning}`;
}

function table(figures) {
  const lines = figures.map(
    (figure) => `| ${figure.name} | ${describeSamples(figure)} | ${describeTarget(figure)} |`,
  );
  return ['| figure | median (min–max) | target |', '| --- | --- | --- |', ...lines].join('\n');
}
