#!/usr/bin/env node
// npm run test:platforms -- [vitest arguments]: workers, Lambda, the container, and every trigger side by side.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageFile = createRequire(import.meta.url).resolve('vitest/package.json');
const { status } = spawnSync(
  process.execPath,
  [join(dirname(packageFile), 'vitest.mjs'), 'run', ...process.argv.slice(2)],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, WALHOOK_TEST_PLATFORMS: '1' },
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
