#!/usr/bin/env node
// What takes minutes by itself, and is no part of npm test:
//   npm run test:platforms -- [vitest arguments]: workers, Lambda, the container, every trigger side by side
//   npm run test:pgbench -- [vitest arguments]: a load that Postgres' own generator writes
//   npm run test:hostile -- [vitest arguments]: attacks, damaged state, few descriptors, full devices
//   npm run test:pages -- [vitest arguments]: what the documents say, done as they say it
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [suite, ...given] = process.argv.slice(2);
const packageFile = createRequire(import.meta.url).resolve('vitest/package.json');
const { status } = spawnSync(
  process.execPath,
  [join(dirname(packageFile), 'vitest.mjs'), 'run', ...given],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, WALHOOK_TEST_SUITE: suite },
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
