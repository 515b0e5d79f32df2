import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bundleWorker } from './bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const workers = [
  { file: 'src/entry/worker.ts', config: 'wrangler.toml' },
  {
    file: 'examples/cloudflare-worker/worker.ts',
    config: 'examples/cloudflare-worker/wrangler.toml',
  },
];

describe.each(workers)('$file, bundled', ({ file, config }) => {
  test('is no larger than 500 KiB, compressed and not minified', async () => {
    const { text } = await bundleWorker({ file });
    const size = gzipSync(text).length / 1024;
    expect(size).toBeGreaterThan(100);
    expect(size).toBeLessThanOrEqual(500);
  });

  test('holds nothing that needs files, processes or the sockets of Node', async () => {
    const { inputs } = await bundleWorker({ file });
    const packages = new Set(
      inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
    );
    expect([...packages]).toContain('pg-cloudflare');
    for (const name of ['undici', 'nodemailer', 'jiti', 'yaml', 'ioredis', 'commander']) {
      expect([...packages]).not.toContain(name);
    }
    expect(inputs.filter((path) => /(?:config\/file|demo\/|tls-files)/.test(path))).toEqual([]);
  });

  test('is what its wrangler.toml deploys, each minute, under the flags that it is tested with', () => {
    const text = read(config);
    const main = /^main = "(.*)"$/m.exec(text)?.[1];
    expect(join(config, '..', main!)).toBe(file);
    expect(text).toMatch(/^crons = \["\* \* \* \* \*"\]$/m);
    const harness = read('test/worker/workerd.ts');
    const date = /^compatibility_date = "(.*)"$/m.exec(text)?.[1];
    expect(harness).toContain(
      `compatibilityDate = "${date}",\n       compatibilityFlags = ["nodejs_compat"]`,
    );
    expect(text).toMatch(/^compatibility_flags = \["nodejs_compat"\]$/m);
  });
});
