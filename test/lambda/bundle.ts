import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder with nothing in it but a handler, bundled as for a deployment. */
export function bundled(handler: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-lambda-'));
  folders.push(folder);
  const args = [join(root, handler), join(folder, 'handler.mjs')];
  execFileSync(process.execPath, [join(root, 'scripts/build-lambda.mjs'), ...args], {
    stdio: 'pipe',
  });
  return folder;
}
