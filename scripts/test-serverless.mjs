#!/usr/bin/env node
// npm run test:serverless: packages serverless.yml by osls, which is fetched once, and looks at what
// would be deployed. Nothing leaves this machine: a server of the test stands for AWS.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OSLS = 'osls@4.3.1';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cache', 'osls');
if (!existsSync(join(cache, 'node_modules', 'osls', 'package.json'))) {
  mkdirSync(cache, { recursive: true });
  run('npm', ['install', '--prefix', cache, '--no-save', '--no-package-lock', OSLS]);
}
const packageFile = createRequire(import.meta.url).resolve('vitest/package.json');
const vitest = join(dirname(packageFile), 'vitest.mjs');
run(process.execPath, [vitest, 'run', 'test/lambda/serverless.test.ts'], {
  WALHOOK_TEST_OSLS: join(cache, 'node_modules', '.bin', 'osls'),
  // Its folder is of the platforms' tests.
  WALHOOK_TEST_SUITE: 'platforms',
});

function run(command, args, env = {}) {
  const options = { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' };
  const { status } = spawnSync(command, args, options);
  if (status !== 0) process.exit(status ?? 1);
}
