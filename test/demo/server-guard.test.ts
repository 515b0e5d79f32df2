import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';

const OWNER = `
  const { startEmbeddedServer } = await import(process.argv[1]);
  const server = await startEmbeddedServer();
  console.log(JSON.stringify({ url: server.url(), folder: server.dataDirectory }));
  if (process.argv[2] === 'stay') setInterval(() => undefined, 60_000);
`;

type Started = { readonly url: string; readonly folder: string };

/** A process of its own that starts a server, then ends or stays. */
async function startOwner(what: 'stay' | 'end') {
  const program = new URL('../../dist/demo/embedded-server.js', import.meta.url).href;
  const args = ['--input-type=module', '--eval', OWNER, program, what];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(owner, 'exit');
  const [line] = await once(owner.stdout, 'data');
  const started: Started = JSON.parse(String(line));
  return { owner, exited, started };
}

async function expectGone({ url, folder }: Started): Promise<void> {
  await expect.poll(() => existsSync(dirname(folder)), { timeout: 20_000 }).toBe(false);
  const client = new Client({ connectionString: url });
  await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
}

test('a server ends, and its folder goes, when its owner is killed', async () => {
  const { owner, exited, started } = await startOwner('stay');
  expect(existsSync(started.folder)).toBe(true);
  owner.kill('SIGKILL');
  await exited;
  await expectGone(started);
});

test('a server that nobody closed neither keeps its owner alive nor outlives it', async () => {
  const { exited, started } = await startOwner('end');
  expect(await exited).toEqual([0, null]);
  await expectGone(started);
});
