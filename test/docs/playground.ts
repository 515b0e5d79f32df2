import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { sweepState } from '../support/state-sweep.ts';
import { VERSION } from '../../src/version.ts';
import { root } from './markdown.ts';

export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** What the pages speak of: a database `shop`, an endpoint, and `walhook` on the path. */
export type Playground = {
  readonly databaseUrl: string;
  readonly receiver: Receiver;
  /** Runs a text for bash, once what stands for the reader's own is filled in. */
  shell(script: string, env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Runs statements, each in a transaction of its own; the rows of the last. */
  sql(script: string): Promise<Record<string, unknown>[]>;
  /** Once; again it does nothing. */
  close(): Promise<void>;
};

const tables = `
  create table orders (id int primary key, status text);
  create table customers (id int primary key, name text)`;

/** The pages' names are fixed, so that the server has to be one's own. */
export async function openPlayground(server: EmbeddedServer): Promise<Playground> {
  await eraseShop(server);
  await run(server.url('postgres'), 'create database shop');
  const databaseUrl = server.url('shop');
  await run(databaseUrl, tables);
  const receiver = await startReceiver();
  const folder = mkdtempSync(join(tmpdir(), 'walhook-docs-'));
  const programs = mkdtempSync(join(tmpdir(), 'walhook-docs-bin-'));
  installPrograms(programs);

  const environment = (env: Readonly<Record<string, string>>): Record<string, string> => ({
    PATH: `${programs}:${process.env['PATH']}`,
    HOME: folder,
    TMPDIR: tmpdir(),
    DATABASE_URL: databaseUrl,
    HTTP_ENDPOINT_URL: receiver.url,
    ...env,
  });
  let isOpen = true;
  return {
    databaseUrl,
    receiver,
    async shell(script, env = {}) {
      const filledIn = fillIn(script, databaseUrl, receiver.url);
      const child = spawn('bash', ['-euo', 'pipefail', '-c', filledIn], {
        cwd: folder,
        env: environment(env),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const outputs = Promise.all([text(child.stdout), text(child.stderr)]);
      const [code] = (await once(child, 'close')) as [number | null];
      const [stdout, stderr] = await outputs;
      return { code, stdout, stderr };
    },
    sql: (script) => run(databaseUrl, script),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await receiver.close();
      await connected(databaseUrl, sweepState);
      await eraseShop(server);
      for (const each of [folder, programs]) rmSync(each, { recursive: true, force: true });
    },
  };
}

/** `walhook` is the built program, and so is `npx walhook`, whatever packages it is to bring. */
function installPrograms(folder: string): void {
  const cli = join(root, 'dist', 'entry', 'cli.js');
  const walhook = `exec '${process.execPath}' '${cli}' "$@"`;
  const programs = {
    walhook: `#!/bin/sh\n${walhook}\n`,
    npx: [
      '#!/bin/sh',
      'while [ "$1" = -p ]; do shift 2; done',
      'if [ "$1" = --yes ]; then shift; fi',
      `case "$1" in walhook | walhook@${VERSION}) shift ;; *) exit 127 ;; esac`,
      walhook,
      '',
    ].join('\n'),
  };
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), script);
    chmodSync(join(folder, name), 0o755);
  }
}

/** The pages' server and endpoints are the real ones here. A role that a page made stays that role. */
function fillIn(script: string, databaseUrl: string, endpointUrl: string): string {
  return script
    .replaceAll(/postgres:\/\/(\w+):([\w-]+)@db\.example\.com:5432\/shop/g, (_, user, password) => {
      if (user === 'me') return databaseUrl;
      const url = new URL(databaseUrl);
      url.username = String(user);
      url.password = String(password);
      return url.href;
    })
    .replaceAll(/https?:\/\/(?:localhost:3000|[a-z.]*example\.com)\/\w+/g, endpointUrl);
}

async function eraseShop(server: EmbeddedServer): Promise<void> {
  const admin = server.url('postgres');
  await run(
    admin,
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'shop';
     select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = 'shop';
     drop database if exists shop with (force);
     drop role if exists walhook`,
  );
}

async function run(url: string, script: string): Promise<Record<string, unknown>[]> {
  return connected(url, async (client) => {
    let rows: Record<string, unknown>[] = [];
    for (const statement of script.split(/;\s*(?:\n|$)/)) {
      if (statement.trim() !== '') ({ rows } = await client.query(statement));
    }
    return rows;
  });
}

async function connected<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
