import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assertDrained } from './drainer.mjs';

const cli = fileURLToPath(new URL('../../dist/entry/cli.js', import.meta.url));

export const cliIsBuilt = existsSync(cli);

/** Milliseconds of a whole `walhook drain` process, its start and its end included. */
export async function drainByCli(config, expectedEvents) {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-bench-'));
  try {
    const file = join(folder, 'walhook.config.json');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    const startedAt = performance.now();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [cli, 'drain', '--config', file, '--json'],
      { env: { PATH: process.env.PATH } },
    );
    const wallMs = performance.now() - startedAt;
    assertDrained(JSON.parse(stdout), expectedEvents);
    return wallMs;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
