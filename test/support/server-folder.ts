import { accessSync, constants, statfsSync } from 'node:fs';

const IN_MEMORY = '/dev/shm';
/** For several servers with their WAL. A container often has 64 MiB there. */
const ENOUGH_BYTES = 8 * 2 ** 30;

/**
 * Where test servers keep their data: in memory, where there is enough. A new database is some hundred
 * files, and tests make a thousand databases.
 */
export const serverFolder: string | undefined = isRoomy(IN_MEMORY) ? IN_MEMORY : undefined;

function isRoomy(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= ENOUGH_BYTES;
  } catch {
    return false;
  }
}
