import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerUser } from './server-user.ts';

export type ServerGuard = {
  /** Stops the server if it runs, removes the folder if it is to go, and resolves when that is done. */
  release(): Promise<void>;
};

/*
 * Waits for the end of its input, which is the end of its owner: by exit, by signal, by SIGKILL.
 * Only then does it act, so a stop in good order and a crash of the owner take the same way. What
 * kills the guard too (the end of a container) kills the server, and leaves at most the folder.
 */
const SCRIPT = `
folder=$1 signal=$2 afterwards=$3
cat >/dev/null
if pid=$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null); then
  kill "-$signal" "$pid" 2>/dev/null
  tries=0
  while [ -e "$folder/data/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 600 ]; do
    sleep 0.05
    tries=$((tries + 1))
  done
fi
if [ "$afterwards" = remove ]; then rm -rf "$folder"; fi
`;

/** Starts a shell, outliving this process by a moment, that ends the server in `folder`. */
export function guardServer(
  folder: string,
  afterwards: 'remove' | 'keep',
  user: ServerUser,
): ServerGuard {
  // A server whose data goes needs no shutdown checkpoint; one whose data stays is asked politely.
  const signal = afterwards === 'remove' ? 'QUIT' : 'INT';
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'walhook-guard', folder, signal, afterwards], {
    ...user,
    cwd: '/',
    // Out of reach of a Ctrl-C, which the terminal sends to the owner's whole process group.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(shell, 'exit');
  // Neither may keep the owner alive, or it would never end.
  shell.unref();
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();

  return {
    async release() {
      shell.ref();
      shell.stdin.end();
      await ended;
    },
  };
}
