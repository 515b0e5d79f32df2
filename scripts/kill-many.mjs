// Kills drains at random, for as many seeds as asked, and checks what has to hold after each:
//
//   npm run test:kill -- --runs 2000 --seed 1
//
// A seed that fails is named; `--seed <that> --runs 1` runs it alone.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
if (![values.runs, values.seed].every((number) => /^\d+$/.test(number))) {
  console.error('--runs and --seed take whole numbers');
  process.exit(2);
}

console.log(`${values.runs} runs from seed ${values.seed}`);
const vitest = join(
  dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/kill/kill.test.ts'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, WALHOOK_KILL_RUNS: values.runs, WALHOOK_KILL_SEED: values.seed },
  stdio: 'inherit',
});
process.exit(status ?? 1);
