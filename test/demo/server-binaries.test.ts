import { chmod, mkdir, mkdtemp, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findServerBinaries, prepareServerBinaries } from '../../src/demo/server-binaries.ts';

/** An account that is neither root nor, in all likelihood, who runs the tests. */
const stranger = { uid: 61_234, gid: 61_234 };

let work: string;
let packageFolder: string;
let temp: string;

beforeEach(async () => {
  work = await realpath(await mkdtemp(join(tmpdir(), 'walhook-binaries-')));
  await chmod(work, 0o755);
  packageFolder = join(work, 'closed', 'package');
  temp = join(work, 'temp');
  await mkdir(temp);
  await unpack();
});

afterEach(() => rm(work, { recursive: true, force: true }));

/** As npm unpacks it where install scripts do not run: files, and a list of links still to make. */
async function unpack(): Promise<void> {
  const native = join(packageFolder, 'native');
  await mkdir(join(native, 'bin'), { recursive: true });
  await mkdir(join(native, 'lib'));
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    await writeFile(join(native, 'bin', name), '#!/bin/sh\n', { mode: 0o755 });
  }
  await writeFile(join(native, 'lib', 'libpq.so.5.18'), '');
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links));
  await writeFile(join(packageFolder, 'package.json'), JSON.stringify({ version: '18.4.0' }));
}

async function prepare(): Promise<string> {
  return prepareServerBinaries(await findServerBinaries(packageFolder), stranger, temp);
}

test('programs that the server user can reach run where they are, with their links made', async () => {
  expect(await prepare()).toBe(join(packageFolder, 'native'));
  expect(await readlink(join(packageFolder, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.18');
});

test('programs below a folder closed to the server user are copied, once', async () => {
  await chmod(dirname(packageFolder), 0o700);
  const copy = await prepare();
  expect(dirname(copy)).toBe(temp);
  expect(basename(copy)).toMatch(/^walhook-postgres-18\.4\.0-/);
  expect((await stat(join(copy, 'bin', 'postgres'))).mode & 0o777).toBe(0o755);
  expect(await readlink(join(copy, 'lib/libpq.so.5'))).toBe('libpq.so.5.18');
  const made = await stat(copy);
  expect(await prepare()).toBe(copy);
  expect((await stat(copy)).ino).toBe(made.ino);
});

test('a package unpacked under a strict umask is copied with modes that let others run it', async () => {
  await chmod(join(packageFolder, 'native/lib/libpq.so.5.18'), 0o600);
  await chmod(join(packageFolder, 'native/bin/initdb'), 0o700);
  const copy = await prepare();
  expect((await stat(join(copy, 'lib/libpq.so.5.18'))).mode & 0o777).toBe(0o644);
  expect((await stat(join(copy, 'bin/initdb'))).mode & 0o777).toBe(0o755);
});

test('two that copy at once share one copy', async () => {
  await chmod(dirname(packageFolder), 0o700);
  const copies = await Promise.all([prepare(), prepare(), prepare()]);
  expect(new Set(copies).size).toBe(1);
});

test('a copy that others could have changed is not run', async () => {
  await chmod(dirname(packageFolder), 0o700);
  const first = await prepare();
  await chmod(first, 0o777);
  const second = await prepare();
  expect(second).not.toBe(first);
  expect((await stat(second)).mode & 0o022).toBe(0);
});
