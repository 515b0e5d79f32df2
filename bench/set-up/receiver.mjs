import { fork } from 'node:child_process';
import { once } from 'node:events';

const program = new URL('../receiver-process.mjs', import.meta.url);

/** A receiver whose CPU and memory are its own, so that they count for nobody's figures. */
export async function startReceiver() {
  const child = fork(program);
  const [{ port }] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${port}/`,
    /** What came to a path so far: `{ requests, bytes, lastAt, ages }`. */
    async received(path = '/') {
      child.send('received');
      const [byPath] = await once(child, 'message');
      return byPath[path] ?? { requests: 0, bytes: 0, lastAt: 0, ages: [] };
    },
    stop() {
      child.disconnect();
    },
  };
}
