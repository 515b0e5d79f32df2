import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { WalhookError } from '../errors/walhook-error.ts';

/** Whom the server runs as. */
export type ServerUser = { readonly uid: number; readonly gid: number };

/**
 * Postgres refuses to run as root, so root hands it to an account that owns nothing of value;
 * anybody else runs it as themselves.
 * @throws WalhookError embedded_failed: on Windows, or for root where no such account exists
 */
export function chooseServerUser(): ServerUser {
  if (process.getuid === undefined || process.getgid === undefined) {
    throw new WalhookError('embedded_failed', 'The embedded server does not run on Windows.', {
      remedy: 'Use WSL, or point walhook at a Postgres server of your own.',
    });
  }
  const own = { uid: process.getuid(), gid: process.getgid() };
  if (own.uid !== 0) return own;

  const accounts = readAccounts();
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const account = accounts.get(name);
    if (account !== undefined) return account;
  }
  throw new WalhookError(
    'embedded_failed',
    'Postgres does not run as root, and this system has neither a postgres nor a nobody account.',
    { remedy: 'Run it as a plain user.' },
  );
}

function readAccounts(): Map<string, ServerUser> {
  const accounts = new Map<string, ServerUser>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || gid === undefined) continue;
    accounts.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return accounts;
}

/** Whether `user` may read `path` and, for a folder or a program, enter or run it. Ignores ACLs. */
export function canUse(path: string, user: ServerUser): boolean {
  const { mode } = statSync(path);
  const isFolderOrProgram = (mode & 0o111) !== 0;
  return permits(path, user, isFolderOrProgram ? 0o5 : 0o4) && canReach(dirname(path), user);
}

/** Whether `user` may walk down to `folder`: one parent without x for others is enough to fail. */
export function canReach(folder: string, user: ServerUser): boolean {
  const parent = dirname(folder);
  return permits(folder, user, 0o1) && (parent === folder || canReach(parent, user));
}

export function canWrite(folder: string, user: ServerUser): boolean {
  return permits(folder, user, 0o3) && canReach(folder, user);
}

function permits(path: string, user: ServerUser, wanted: number): boolean {
  const { mode, uid, gid } = statSync(path);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}
