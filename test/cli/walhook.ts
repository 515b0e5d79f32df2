import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

const cli = fileURLToPath(new URL('../../dist/entry/cli.js', import.meta.url));
/** Without a configuration file that a test did not put there. */
const folder = mkdtempSync(join(tmpdir(), 'walhook-cli-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The built program, as a user calls it; its environment is `env` and nothing else. */
export function startWalhook(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const own = { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: tmpdir(), ...env };
  return spawn(process.execPath, [cli, ...args], { cwd: folder, env: own });
}

/** The same by a shell, with its redirections, like `>&-`. */
export function startWalhookInShell(
  redirections: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  prelude = '',
): ChildProcessWithoutNullStreams {
  const own = { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: tmpdir(), ...env };
  const script = `${prelude} exec "$0" "$@" ${redirections}`;
  const argv = ['-c', script, process.execPath, cli, ...args];
  return spawn('/bin/sh', argv, { cwd: folder, env: own });
}

export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

export async function walhook(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = startWalhook(args, env);
  child.stdin.end();
  return ended(child);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
