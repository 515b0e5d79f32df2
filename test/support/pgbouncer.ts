import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { chooseServerUser } from '../../src/demo/server-user.ts';
import { freePort } from './free-port.ts';

/** The one that WALHOOK_TEST_PGBOUNCER names, or that is installed; null where there is none. */
export const pgBouncerProgram = findProgram();

export type PgBouncer = {
  /** The same login at the same database as in a URL of the server's, by way of the pooler. */
  url(serverUrl: string): string;
  /** Ends the sessions of a database, which would stay for the next client. */
  stopPool(database: string): Promise<void>;
  stop(): Promise<void>;
};

/**
 * A PgBouncer in transaction mode before a server. Startup parameters that it does not know are
 * refused, as it does by default.
 */
export async function startPgBouncer(
  program: string,
  serverUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncer> {
  const server = new URL(serverUrl);
  const user = chooseServerUser();
  const folder = await mkdtemp(join(tmpdir(), 'walhook-pgbouncer-'));
  const port = await freePort();
  const logins = join(folder, 'logins.txt');
  await writeFile(logins, `"${server.username}" "${decodeURIComponent(server.password)}"\n`);
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    ini(server, {
      listen_addr: '127.0.0.1',
      listen_port: String(port),
      unix_socket_dir: '',
      pool_mode: 'transaction',
      auth_type: 'scram-sha-256',
      auth_file: logins,
      auth_user: server.username,
      admin_users: server.username,
      max_client_conn: '500',
      default_pool_size: '10',
      ...settings,
    }),
  );
  if (process.getuid?.() === 0) {
    for (const path of [folder, logins, config]) await chown(path, user.uid, user.gid);
  }
  const child = spawn(program, [config], { ...user, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  await untilItListens(createInterface(child.stderr));
  child.stderr.resume();
  return {
    url(given) {
      const url = new URL(given);
      url.port = String(port);
      return url.href;
    },
    async stopPool(database) {
      const console = new URL(serverUrl);
      console.port = String(port);
      console.pathname = '/pgbouncer';
      const client = new Client({ connectionString: console.href });
      await client.connect();
      await client.query(`kill ${database}`);
      await client.end();
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function ini(server: URL, settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const address = `host=${server.hostname} port=${server.port}`;
  return ['[databases]', `* = ${address}`, '[pgbouncer]', ...lines, ''].join('\n');
}

async function untilItListens(lines: AsyncIterable<string>): Promise<void> {
  const said: string[] = [];
  for await (const line of lines) {
    if (line.includes('process up')) return;
    said.push(line);
  }
  throw new Error(`pgbouncer did not start:\n${said.join('\n')}`);
}

/** Debian has it where only root's path leads. */
function findProgram(): string | null {
  const named = process.env['WALHOOK_TEST_PGBOUNCER'];
  const candidates =
    named === undefined || named === '' ? ['pgbouncer', '/usr/sbin/pgbouncer'] : [named];
  return candidates.find(runs) ?? null;
}

function runs(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
