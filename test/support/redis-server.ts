import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';
import { freePort } from './free-port.ts';

/** Of version 7 or newer: the one that WALHOOK_TEST_REDIS_SERVER names, or that is on the path. */
export const redisServerProgram = findProgram();

export type RedisServer = {
  readonly url: string;
  readonly port: number;
  /** As a crash would. */
  kill(): Promise<void>;
};

const started = new Set<RedisServer>();

afterAll(async () => {
  for (const server of started) await server.kill();
});

/** A Redis server of one's own, without a file. It ends with the test file. */
export async function startRedis(program: string, givenPort?: number): Promise<RedisServer> {
  const port = givenPort ?? (await freePort());
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
  started.add(server);
  for await (const line of createInterface(child.stdout)) {
    if (!line.includes('Ready to accept connections')) continue;
    child.stdout.resume();
    return server;
  }
  throw new Error(`redis-server ended with ${child.exitCode}`);
}

function findProgram(): string | null {
  const named = process.env['WALHOOK_TEST_REDIS_SERVER'];
  const program = named === undefined || named === '' ? 'redis-server' : named;
  try {
    const version = execFileSync(program, ['--version'], { encoding: 'utf8' });
    return Number(/v=(\d+)\./.exec(version)?.[1]) >= 7 ? program : null;
  } catch {
    return null;
  }
}
