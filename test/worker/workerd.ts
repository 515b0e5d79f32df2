import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';

export type WorkerProcess = {
  readonly url: string;
  readonly pid: number;
  /** Runs the worker's `scheduled` as a cron trigger does; the outcome as the platform lists it. */
  scheduled(): Promise<{ readonly outcome: string }>;
  /** What the worker logged. */
  readonly said: Lines;
  /** Its errors, and what workerd itself has to say. */
  readonly errors: Lines;
};

export type Lines = {
  readonly all: readonly string[];
  /** Resolves once there are so many that match. They come when they come: not before an answer. */
  waitFor(pattern: RegExp, count?: number): Promise<readonly string[]>;
};

export type Bindings = {
  readonly vars?: Readonly<Record<string, string>>;
  /** A Hyperdrive binding HYPERDRIVE to this database. */
  readonly hyperdrive?: string;
  /** In PEM: stands for the public authorities, which certify no test. */
  readonly authority?: string;
};

/** Calls `scheduled` of the service that it is bound to. */
const TRIGGER = `export default {
  async fetch(request, env) {
    const { outcome } = await env.WALHOOK.scheduled({ cron: '* * * * *' });
    return Response.json({ outcome });
  },
};`;

/** Serves a bundled worker in workerd under the flags of wrangler.toml. Ends with the test. */
export async function serveWorker(
  program: string,
  bundle: string,
  bindings: Bindings,
): Promise<WorkerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-worker-'));
  writeFileSync(join(folder, 'worker.js'), bundle);
  writeFileSync(join(folder, 'trigger.js'), TRIGGER);
  writeFileSync(join(folder, 'config.capnp'), configOf(bindings));
  const child = spawn(program, ['serve', '--experimental', 'config.capnp', '--control-fd=3'], {
    cwd: folder,
    // A worker has its bindings, and nothing else.
    env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing', WALHOOK_SLOT: 'nobodys' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const said = linesOf(child.stdout!);
  const errors = linesOf(child.stderr!);
  const ports = await listening(child.stdio[3] as Readable, ['http', 'trigger'], errors);
  return {
    url: `http://127.0.0.1:${ports.get('http')}`,
    pid: child.pid!,
    said,
    errors,
    async scheduled() {
      const response = await fetch(`http://127.0.0.1:${ports.get('trigger')}/`);
      return (await response.json()) as { outcome: string };
    },
  };
}

function configOf({ vars = {}, hyperdrive, authority }: Bindings): string {
  const texts = Object.entries(vars).map(
    ([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`,
  );
  const services = [
    `(name = "main", worker = (
       modules = [(name = "worker.js", esModule = embed "worker.js")],
       compatibilityDate = "2026-01-01",
       compatibilityFlags = ["nodejs_compat"],
       bindings = [${[...texts, ...(hyperdrive === undefined ? [] : [hyperdriveBinding(hyperdrive)])].join(', ')}],
     ))`,
    `(name = "trigger", worker = (
       modules = [(name = "trigger.js", esModule = embed "trigger.js")],
       compatibilityDate = "2026-01-01",
       compatibilityFlags = ["service_binding_extra_handlers"],
       bindings = [(name = "WALHOOK", service = "main")],
     ))`,
    // The real one lets nothing out to private addresses.
    `(name = "internet", network = (
       allow = ["public", "private"],
       ${authority === undefined ? '' : `tlsOptions = (trustedCertificates = [${JSON.stringify(authority)}])`}
     ))`,
  ];
  if (hyperdrive !== undefined) {
    const { host } = new URL(hyperdrive);
    services.push(`(name = "database", external = (address = "${host}", tcp = ()))`);
  }
  return `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      # Half of what a worker has in all.
      v8Flags = ["--max-old-space-size=64"],
      services = [${services.join(',\n')}],
      sockets = [
        (name = "http", address = "127.0.0.1:0", http = (), service = "main"),
        (name = "trigger", address = "127.0.0.1:0", http = (), service = "trigger"),
      ],
    );`;
}

function hyperdriveBinding(url: string): string {
  const { pathname, username, password } = new URL(url);
  const parts = {
    database: pathname.slice(1),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    scheme: 'postgresql',
  };
  const fields = Object.entries(parts).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return `(name = "HYPERDRIVE", hyperdrive = (designator = "database", ${fields.join(', ')}))`;
}

function linesOf(stream: Readable): Lines {
  const all: string[] = [];
  const lines = createInterface(stream).on('line', (line) => all.push(line));
  return {
    all,
    async waitFor(pattern, count = 1) {
      for (;;) {
        const matching = all.filter((line) => pattern.test(line));
        if (matching.length >= count) return matching;
        await once(lines, 'line');
      }
    },
  };
}

async function listening(
  control: Readable,
  sockets: readonly string[],
  errors: Lines,
): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>();
  for await (const line of createInterface(control)) {
    const { socket, port } = JSON.parse(line) as { socket?: string; port?: number };
    if (socket !== undefined && port !== undefined) ports.set(socket, port);
    if (sockets.every((name) => ports.has(name))) {
      control.resume();
      return ports;
    }
  }
  throw new Error(`workerd ended: ${errors.all.join('\n')}`);
}
