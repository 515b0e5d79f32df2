import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './markdown.ts';

/** Of the TypeScript compiler about a manifest, which tells of fields that there are not. */
export function complaintsAbout(value: unknown, module: string, type: string): string {
  // Within the package, where the types of Kubernetes are found.
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', 'kubernetes-'));
  const source = [
    `import type { ${type} } from 'kubernetes-types/${module}';`,
    `export const it: ${type} = ${JSON.stringify(value)};`,
  ].join('\n');
  writeFileSync(join(folder, 'manifest.ts'), source);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext'];
  const args = [tsc, ...flags, '--moduleResolution', 'bundler', join(folder, 'manifest.ts')];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  rmSync(folder, { recursive: true, force: true });
  return stdout;
}
