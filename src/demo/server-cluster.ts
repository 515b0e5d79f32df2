import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WalhookError } from '../errors/walhook-error.ts';
import type { ServerUser } from './server-user.ts';

/** One server's folder (`data`, `password`, `server.log`) and what acts on it. */
export type Cluster = {
  readonly folder: string;
  readonly binaries: string;
  readonly user: ServerUser;
};

export const SUPERUSER = 'postgres';

export function dataDirectory({ folder }: Cluster): string {
  return join(folder, 'data');
}

/** Runs initdb, unless the folder holds a cluster from last time; returns the superuser's password. */
export async function createCluster(cluster: Cluster): Promise<string> {
  const passwordFile = join(cluster.folder, 'password');
  const data = dataDirectory(cluster);
  if (existsSync(join(data, 'PG_VERSION'))) return (await readFile(passwordFile, 'utf8')).trim();

  const password = randomBytes(18).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await handOver(passwordFile, cluster.user);
  await runProgram(cluster, 'initdb', [
    `--pgdata=${data}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]);
  return password;
}

/** Settings that win over postgresql.conf, for all starts from now on. */
export async function configure(
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  );
  const file = join(dataDirectory(cluster), 'postgresql.auto.conf');
  await writeFile(file, lines.join(''));
  await handOver(file, cluster.user);
}

/**
 * Runs pg_ctl and waits for the result.
 * @throws WalhookError embedded_failed, with the end of the server's log
 */
export async function control(
  cluster: Cluster,
  action: 'start' | 'stop',
  ...options: string[]
): Promise<void> {
  const data = dataDirectory(cluster);
  const log = join(cluster.folder, 'server.log');
  const logged = existsSync(log) ? (await readFile(log, 'utf8')).length : 0;
  try {
    const fixed = ['--wait', '--timeout=60', '--silent', `--pgdata=${data}`, `--log=${log}`];
    await runProgram(cluster, 'pg_ctl', [action, ...fixed, ...options]);
  } catch (error) {
    const news = existsSync(log) ? (await readFile(log, 'utf8')).slice(logged) : '';
    throw new WalhookError('embedded_failed', `The embedded server did not ${action}.`, {
      detail: lastLines(news === '' ? String(error) : news),
      cause: error,
    });
  }
}

export async function handOver(path: string, user: ServerUser): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, user.uid, user.gid);
}

async function runProgram(cluster: Cluster, name: string, args: string[]): Promise<void> {
  try {
    await promisify(execFile)(join(cluster.binaries, 'bin', name), args, {
      ...cluster.user,
      // Where the server's user can be: the current folder may be closed to it.
      cwd: cluster.folder,
      // Nothing of the owner's PG* or LC_* variables may change what the server does.
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const noLoader = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new WalhookError('embedded_failed', `${name} failed.`, {
      detail: lastLines(said === '' ? String(error) : said),
      // The file is there (server-binaries.ts saw it); what the kernel misses is its C library.
      remedy: noLoader
        ? 'The npm package is built for glibc: use a system that has it, not Alpine.'
        : undefined,
      cause: error,
    });
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-10).join('\n');
}
