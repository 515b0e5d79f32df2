import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NOBODY = 65_534;
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export type UnpackedImage = {
  /** Where the image has /usr/local/lib/walhook. */
  readonly folder: string;
  /** Runs what `walhook` is on the image's path, in an empty folder, and, as root, as nobody. */
  readonly start: (
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) => ChildProcessWithoutNullStreams;
};

/** What the last stage of the Dockerfile copies, in a folder that nobody may write. */
export function unpackImage(): UnpackedImage {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-image-'));
  folders.push(folder);
  const lib = join(folder, 'lib');
  for (const file of ['package.json', 'LICENSE', 'dist']) copy(file, lib);
  for (const path of productionPackages()) copy(path, lib);
  const program = join(folder, 'walhook');
  symlinkSync(join(lib, 'dist/entry/cli.js'), program);
  const config = join(folder, 'config');
  mkdirSync(config);
  execFileSync('chmod', ['--recursive', 'a+rX,a-w', folder]);
  return {
    folder: lib,
    start: (args, env) =>
      spawn(program, [...args], {
        cwd: config,
        env: { PATH: dirname(process.execPath), NODE_ENV: 'production', ...env },
        ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
      }),
  };
}

/** What `npm ci --omit=dev` installs, relative to the checkout. */
function productionPackages(): string[] {
  const args = ['ls', '--omit=dev', '--all', '--parseable'];
  const listed = execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  return listed.map((path) => path.slice(root.length)).filter((path) => path !== '');
}

function copy(path: string, into: string): void {
  cpSync(join(root, path), join(into, path), {
    recursive: true,
    // Packages that only this one needs are listed, and copied, by themselves.
    filter: (source) => !source.slice(join(root, path).length).startsWith('/node_modules'),
  });
}
