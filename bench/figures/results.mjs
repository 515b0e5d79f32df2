import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { describeCommit, describeEnvironment } from './environment.mjs';
import { renderReport, renderSummary } from './markdown.mjs';

const folder = new URL('../results/', import.meta.url);
const readme = new URL('../../README.md', import.meta.url);
const BLOCK = /(<!-- bench:start -->)[^]*?(<!-- bench:end -->)/;

/**
 * Rows measured now take the place of the same rows of the day's file, so that one row can be
 * measured again; each keeps its own time, load and commit.
 */
export async function saveResults(measured) {
  const environment = describeEnvironment();
  const commit = describeCommit();
  const file = new URL(`${new Date().toISOString().slice(0, 10)}-${environment.name}.json`, folder);
  const stamped = Object.entries(measured).map(([letter, row]) => [letter, { ...row, commit }]);
  const rows = sortByLetter({ ...readRows(file, environment), ...Object.fromEntries(stamped) });
  const results = { environment, rows };

  await mkdir(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(new URL('latest.md', folder), renderReport(results, basename(fileURLToPath(file))));
  writeReadmeBlock(results);
}

function readRows(file, environment) {
  if (!existsSync(file)) return {};
  const earlier = JSON.parse(readFileSync(file, 'utf8'));
  return isDeepStrictEqual(earlier.environment, environment) ? earlier.rows : {};
}

function sortByLetter(rows) {
  return Object.fromEntries(Object.entries(rows).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Between the README's markers; where it has none, it is left alone. */
function writeReadmeBlock(results) {
  if (!existsSync(readme)) return;
  const text = readFileSync(readme, 'utf8');
  if (!BLOCK.test(text)) return;
  const block = renderSummary(results);
  writeFileSync(
    readme,
    text.replace(BLOCK, (_, start, end) => `${start}\n\n${block}\n\n${end}`),
  );
}
