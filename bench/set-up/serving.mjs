import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/entry/cli.js', import.meta.url));
/** Linux counts a process's CPU time in hundredths of a second. */
const MS_A_TICK = 10;

/** `walhook serve` in a process of its own, once it listens. */
export async function startServing(config) {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-bench-'));
  const file = join(folder, 'walhook.config.json');
  writeFileSync(file, JSON.stringify({ ...config, http: { port: 0 } }), { mode: 0o600 });
  const child = spawn(process.execPath, [cli, 'serve', '--config', file], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = once(child, 'exit');
  while (!said.includes('listening')) {
    const over = await Promise.race([once(child.stderr, 'data').then(() => false), ended]);
    if (over !== false) throw new Error(`walhook serve ended: ${said}`);
  }
  return {
    /** Of the process so far; 0 where there is no /proc. */
    cpuMs() {
      try {
        const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
        return (Number(stat[11]) + Number(stat[12])) * MS_A_TICK;
      } catch {
        return 0;
      }
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
