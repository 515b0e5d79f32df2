#!/usr/bin/env node
// Compiles src/ into dist/, and bundles the command. --no-check emits without looking at types: for tests of unfinished work.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleCli } from './bundle-cli.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const tsc = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin',
  'tsc',
);

// Complete it aside and swap: whoever runs dist/ meanwhile never meets half of it.
mkdirSync(join(root, '.cache'), { recursive: true });
const draft = mkdtempSync(join(root, '.cache', 'dist-'));
try {
  if (compileInto(join(draft, 'new'))) {
    const entry = join(draft, 'new', 'entry');
    // Nothing but the command has to do with these.
    rmSync(join(entry, 'cli'), { recursive: true });
    await bundleCli(root, entry);
    makeExecutable(join(entry, 'cli.js'));
    if (existsSync(dist)) renameSync(dist, join(draft, 'old'));
    renameSync(join(draft, 'new'), dist);
  } else {
    console.error('dist/ is as it was.');
    process.exitCode = 1;
  }
} finally {
  rmSync(draft, { recursive: true, force: true });
}

function compileInto(folder) {
  const args = [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', folder];
  if (process.argv.includes('--no-check')) args.push('--noCheck');
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}

function makeExecutable(cli) {
  if (existsSync(cli)) chmodSync(cli, 0o755);
}
