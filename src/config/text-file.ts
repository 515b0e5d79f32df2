import { readFile, stat } from 'node:fs/promises';

/** Far more than any configuration or certificate. */
const MOST_BYTES = 4 << 20;

/** Why a file is not read: what it is in place of one that can be. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

/**
 * The text of a file, without a byte order mark. What is no file is not opened: a named pipe would be
 * waited for, and a device has no end. Throws UnreadableFile.
 */
export async function readTextFile(file: string): Promise<string> {
  await assertFile(file);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new UnreadableFile(`a file that cannot be read (${codeOf(error)})`, { cause: error });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableFile('a file that is no text in UTF-8');
  }
}

/** Throws UnreadableFile. */
export async function assertFile(file: string): Promise<void> {
  const stats = await stat(file).catch((error: unknown) => {
    const code = codeOf(error);
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const what = isMissing ? 'no such file' : `a file that cannot be read (${code})`;
    throw new UnreadableFile(what, { cause: error });
  });
  if (stats.isDirectory()) throw new UnreadableFile('a directory');
  if (stats.isFIFO()) throw new UnreadableFile('a named pipe');
  if (stats.isSocket()) throw new UnreadableFile('a socket');
  if (!stats.isFile()) throw new UnreadableFile('a device');
  if (stats.size > MOST_BYTES) {
    throw new UnreadableFile(`a file of ${stats.size} bytes, of ${MOST_BYTES} at the most`);
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
