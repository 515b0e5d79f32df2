import { fstatSync, readSync, statSync } from 'node:fs';

/**
 * Whether a process was started with this descriptor closed (`>&-`). Node opens the null device in its
 * place, for reading too, and every write to that succeeds. A shell's `>/dev/null`, which says that
 * nothing is wanted, opens it for writing alone.
 */
export function isClosedFromStart(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isCharacterDevice() || stats.rdev !== statSync('/dev/null').rdev) return false;
    // The null device is at its end at once. For writing alone, it cannot be read: EBADF.
    return readSync(descriptor, new Uint8Array(1)) === 0;
  } catch {
    return false;
  }
}
