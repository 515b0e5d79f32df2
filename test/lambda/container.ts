import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { type Invoked, startRuntimeApi } from './runtime-api.ts';

export type Container = {
  /**
   * Thaws it, hands it the event, and freezes it once it waits for the next. null: its time was over,
   * and it is killed, as Lambda does; so is one that ends by itself.
   */
  readonly invoke: (event: unknown, timeoutMs?: number) => Promise<Invoked | null>;
  /** In the middle of an invocation, as Lambda does to one that takes too much memory. */
  readonly kill: () => void;
  /** What the function has written to its log. */
  readonly log: () => string;
};

const bootstrap = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));
const stops = new Set<() => Promise<void>>();

afterAll(async () => {
  for (const stop of stops) await stop();
});

/**
 * A function as Lambda runs it: a process of its own, asleep between its invocations. `folder` is
 * what was deployed, `handler` the export of its handler.mjs.
 */
export async function startContainer(
  folder: string,
  env: Readonly<Record<string, string>>,
  handler = 'handler',
): Promise<Container> {
  const api = await startRuntimeApi();
  const child = spawn(process.execPath, [bootstrap], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_FUNCTION_NAME: 'walhook',
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: `handler.${handler}`,
      ...env,
    },
  });
  let written = '';
  child.stdout.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const gone = once(child, 'exit').then(() => null);
  stops.add(async () => {
    child.kill('SIGKILL');
    await gone;
    await api.close();
  });
  return {
    async invoke(event, timeoutMs = 30_000) {
      await Promise.race([api.idle(), gone]);
      child.kill('SIGCONT');
      const kill = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      const invoked = await Promise.race([api.hand(event, timeoutMs), gone]);
      clearTimeout(kill);
      await Promise.race([api.idle(), gone]);
      child.kill('SIGSTOP');
      return invoked;
    },
    kill: () => void child.kill('SIGKILL'),
    log: () => written,
  };
}
