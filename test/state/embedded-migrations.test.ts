import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS } from '../../src/state/migrations.generated.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function run(...args: readonly string[]): {
  readonly status: number | null;
  readonly said: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

test('the embedded migrations are those in drizzle/', () => {
  expect(run('scripts/embed-migrations.mjs', '--check')).toEqual({ status: 0, said: '' });
});

test('drizzle-kit finds nothing in the schema that is not in drizzle/', async () => {
  // Below the project, because drizzle-kit takes the path of its output from there.
  const copy = await mkdtemp(join(root, 'node_modules', '.walhook-drizzle-'));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  await cp(join(root, 'drizzle'), copy, { recursive: true });
  const files = (await readdir(copy, { recursive: true })).toSorted();

  const { status, said } = run(
    'node_modules/drizzle-kit/bin.cjs',
    'generate',
    '--dialect=postgresql',
    '--schema=src/state/schema.ts',
    `--out=${relative(root, copy)}`,
  );

  expect(said).toContain('No schema changes');
  expect(status).toBe(0);
  expect((await readdir(copy, { recursive: true })).toSorted()).toEqual(files);
});

test('the word walhook stands in a migration only as the name of the schema', () => {
  const text = MIGRATIONS.flatMap(({ statements }) => statements).join('\n');
  expect(text).toContain('"walhook".');
  expect(text.replaceAll('"walhook".', '')).not.toMatch(/walhook/i);
});
