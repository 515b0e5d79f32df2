#!/usr/bin/env node
// npm run test:pooler -- [vitest arguments]: what talks to Postgres, through PgBouncer in transaction mode.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SUITE = [
  'test/drain',
  'test/delivery',
  'test/state',
  'test/operations',
  'test/routing',
  'test/serve/drainer',
  'test/serve/kept-session',
  'test/serve/wal-probe',
  'test/http',
  'test/alerts',
];

const named = process.env['WALHOOK_TEST_PGBOUNCER'];
const programs = named ? [named] : ['pgbouncer', '/usr/sbin/pgbouncer'];
if (!programs.some((program) => spawnSync(program, ['--version']).status === 0)) {
  console.log('pgbouncer is not installed: the tests through a pooler are skipped.');
  process.exit(0);
}

const given = process.argv.slice(2);
const packageFile = createRequire(import.meta.url).resolve('vitest/package.json');
const { status } = spawnSync(
  process.execPath,
  [join(dirname(packageFile), 'vitest.mjs'), 'run', ...(given.length > 0 ? given : SUITE)],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, WALHOOK_TEST_POOLER: '1' },
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
