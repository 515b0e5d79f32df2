// Runs the kill suite or the chaos suite for as many seeds as asked:
//
//   npm run test:kill -- --runs 2000 --seed 1
//   npm run test:chaos -- --runs 500
//
// A seed that fails is named; `--seed <that> --runs 1` runs it alone.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SUITES = { kill: 'test/kill/kill.test.ts', chaos: 'test/chaos/chaos.test.ts' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const suite = SUITES[positionals[0]];
if (suite === undefined || ![values.runs, values.seed].every((number) => /^\d+$/.test(number))) {
  console.error('kill or chaos first; --runs and --seed take whole numbers');
  process.exit(2);
}

console.log(`${values.runs} runs from seed ${values.seed}`);
const vitest = join(
  dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);
const { status } = spawnSync(process.execPath, [vitest, 'run', suite], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, WALHOOK_SEEDED_RUNS: values.runs, WALHOOK_FIRST_SEED: values.seed },
  stdio: 'inherit',
});
process.exit(status ?? 1);
