import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

/** Null where the package has no program for this platform. */
export const workerdProgram = programOf(() => (require('workerd') as { default: string }).default);
export const denoProgram = programOf(() =>
  (require('deno/install_api.cjs') as { runInstall(): string }).runInstall(),
);

/** Serves runtime-program.mjs in workerd, without its compatibility with Node. Ends with the test. */
export async function serveInWorkerd(program: string): Promise<string> {
  const folder = programFolder();
  const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.m?js$/.test(file))
    // The first is the one that is called.
    .sort((a, b) => Number(b.endsWith('.mjs')) - Number(a.endsWith('.mjs')))
    .map((file) => `(name = "${file}", esModule = embed "${file}")`);
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
     const config :Workerd.Config = (
       services = [(name = "main", worker = (
         modules = [${modules.join(', ')}], compatibilityDate = "2026-01-01"
       ))],
       sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
     );`,
  );
  const child = spawn(program, ['serve', 'config.capnp', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  endWithTest(child, folder);
  const port = await announced(child, child.stdio[3] as Readable, /"port":\s*(\d+)/);
  return `http://127.0.0.1:${port}/`;
}

/** Serves runtime-program.mjs in Deno, without any permission but to listen. Ends with the test. */
export async function serveInDeno(program: string): Promise<string> {
  const folder = programFolder();
  const args = ['serve', '--no-config', '--no-remote', '--no-npm', '--host', '127.0.0.1'];
  const child = spawn(program, [...args, '--port', '0', 'program.mjs'], {
    cwd: folder,
    env: { ...process.env, DENO_DIR: join(folder, '.deno'), NO_COLOR: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithTest(child, folder);
  const port = await announced(child, child.stderr!, /127\.0\.0\.1:(\d+)/);
  return `http://127.0.0.1:${port}/`;
}

/** The program beside the receiver as it was built, and nothing else. */
function programFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-receiver-'));
  copyFileSync(join(root, 'test/receiver/runtime-program.mjs'), join(folder, 'program.mjs'));
  cpSync(join(root, 'dist/receiver'), join(folder, 'receiver'), { recursive: true });
  return folder;
}

function endWithTest(child: ChildProcess, folder: string): void {
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });
}

/** The port that a line of the stream tells. */
async function announced(child: ChildProcess, stream: Readable, port: RegExp): Promise<string> {
  const said: string[] = [];
  for await (const line of createInterface(stream)) {
    said.push(line);
    const found = port.exec(line)?.[1];
    if (found === undefined) continue;
    stream.resume();
    return found;
  }
  throw new Error(`It ended (${child.exitCode}) and said: ${said.join('\n')}`);
}

function programOf(find: () => string): string | null {
  try {
    return find();
  } catch {
    return null;
  }
}
