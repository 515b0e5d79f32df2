import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import type { Readable } from 'node:stream';
import { sweep } from './secret-sweep.ts';

/** What may be missing of a secret that comes in two pieces. */
const KEPT = 100;

/** Looks through what processes that are started from here on write. Who reads them is left to the test. */
export function watchProcesses(): void {
  subscribe('child_process', (message) => {
    const { process: child } = message as { process: ChildProcess };
    // It has no streams yet, and nothing comes from them before this.
    child.once('spawn', () => {
      if (child.stdout !== null) watch('what a process prints', child.stdout);
      if (child.stderr !== null) watch('what a process complains', child.stderr);
    });
  });
}

/** A listener would set the stream flowing before the test listens. */
function watch(place: string, stream: Readable): void {
  const push = stream.push.bind(stream);
  let last = '';
  stream.push = (chunk: Buffer | null) => {
    if (chunk !== null) {
      const text = last + chunk.toString('latin1');
      sweep(place, text);
      last = text.slice(-KEPT);
    }
    return push(chunk);
  };
}
