import { fork } from 'node:child_process';
import { once } from 'node:events';

const program = new URL('../receiver-process.mjs', import.meta.url);

/** A receiver whose CPU and memory are its own, so that they count for nobody's figures. */
export async function startReceiver() {
  const child = fork(program);
  const [{ port }] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${port}/`,
    /** What it has got so far: `{ requests, bytes }`. */
    async received() {
      child.send('received');
      const [counts] = await once(child, 'message');
      return counts;
    },
    stop() {
      child.disconnect();
    },
  };
}
