import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, inject } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/demo/embedded-server.ts';
import { watchFor } from '../support/secret-sweep.ts';
import { testServerSettings } from '../support/server-settings.ts';

// Import this before test/support/database.ts: hooks run last registered first, and the databases are
// dropped before their server ends, and that before its disk is taken away.
const disks = new Set<SmallDisk>();

afterAll(async () => {
  for (const { server } of disks) await server.close();
  unmountAll();
});
process.once('exit', unmountAll);

export type SmallDisk = {
  readonly folder: string;
  /** Its data lie on the disk. */
  readonly server: EmbeddedServer;
  /** Takes what is free, to the last byte. */
  fill(): void;
  makeRoom(): void;
};

/** The initial database, two segments of WAL, and as much again. */
const SIZE = '160m';

/** A private server on a disk of its own, in memory; null where none can be mounted here. */
export async function startOnSmallDisk(): Promise<SmallDisk | null> {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-disk-'));
  const { status } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${SIZE},mode=755`,
    'tmpfs',
    folder,
  ]);
  if (status !== 0) {
    rmdirSync(folder);
    return null;
  }
  const server = await startEmbeddedServer({
    binaries: inject('serverBinaries'),
    temporaryIn: folder,
    settings: { ...testServerSettings, max_wal_size: '64MB', min_wal_size: '32MB' },
  }).catch((error: unknown) => {
    unmount(folder);
    throw error;
  });
  watchFor(new URL(server.url()).password);
  const ballast = join(folder, 'ballast');
  const disk: SmallDisk = {
    folder,
    server,
    fill: () => fillWith(ballast),
    makeRoom: () => rmSync(ballast),
  };
  disks.add(disk);
  return disk;
}

function fillWith(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (const size of [1 << 20, 1 << 12]) writeUntilFull(file, Buffer.alloc(size, 1));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function unmountAll(): void {
  for (const { folder } of disks) unmount(folder);
  disks.clear();
}

function unmount(folder: string): void {
  // Also while a process that is about to end has a file open there.
  spawnSync('umount', ['-l', folder]);
  rmdirSync(folder);
}
