import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleWorker } from './worker-bundle.mjs';

/** What the times of /proc/<pid>/stat count in, on Linux. */
const TICK_MS = 10;

/** Calls `scheduled` of the worker, as a cron trigger does. */
const TRIGGER = `export default {
  async fetch(request, env) {
    return Response.json(await env.WALHOOK.scheduled({ cron: '* * * * *' }));
  },
};`;

/** The worker's bundle, to be started in workerd with these variables. */
export async function workerPlatform() {
  const { default: program } = createRequire(import.meta.url)('workerd');
  const folder = mkdtempSync(join(tmpdir(), 'walhook-bench-worker-'));
  await bundleWorker(join(folder, 'worker.js'));
  writeFileSync(join(folder, 'trigger.js'), TRIGGER);
  return {
    name: 'Cloudflare Worker, in workerd',
    async start(vars) {
      writeFileSync(join(folder, 'config.capnp'), configOf(vars), { mode: 0o600 });
      const child = spawn(program, ['serve', '--experimental', 'config.capnp', '--control-fd=3'], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      });
      const port = await listening(child.stdio[3]);
      return {
        async drain() {
          const { outcome } = await (await fetch(`http://127.0.0.1:${port}/`)).json();
          if (outcome !== 'ok') throw new Error(`the worker's drain: ${outcome}`);
        },
        cpuMs: () => cpuMsOf(child.pid),
        stop: () => void child.kill('SIGKILL'),
      };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function configOf(vars) {
  const bindings = Object.entries(vars).map(
    ([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "main", worker = (
          modules = [(name = "worker.js", esModule = embed "worker.js")],
          compatibilityDate = "2026-01-01",
          compatibilityFlags = ["nodejs_compat"],
          bindings = [${bindings.join(', ')}],
        )),
        (name = "trigger", worker = (
          modules = [(name = "trigger.js", esModule = embed "trigger.js")],
          compatibilityDate = "2026-01-01",
          compatibilityFlags = ["service_binding_extra_handlers"],
          bindings = [(name = "WALHOOK", service = "main")],
        )),
        (name = "internet", network = (allow = ["public", "private"])),
      ],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "trigger")],
    );`;
}

async function listening(control) {
  for await (const line of createInterface(control)) {
    const { port } = JSON.parse(line);
    if (port !== undefined) return port;
  }
  throw new Error('workerd ended');
}

/** Of the whole process so far; NaN where there is no /proc. */
function cpuMsOf(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  // The second field is a name in parentheses; utime and stime are the 14th and the 15th.
  const fields = readFileSync(file, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
