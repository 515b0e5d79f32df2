import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { DedupeStore, ReceiverOptions } from '../../src/receiver/index.ts';
import { signedHeaders } from '../receiver/signed-request.ts';
import { createTestDatabase } from '../support/database.ts';
import { createPipeline } from '../support/pipeline.ts';
import { freePort } from '../support/free-port.ts';
import { redisServerProgram, startRedis } from '../support/redis-server.ts';
import { blocksOf, readPage, root, tableRows } from './markdown.ts';
import { signingSecret } from '../support/secrets.ts';

const page = 'docs/receiver.md';
const secret = signingSecret('receiver');

// Within the package, where `import … from 'walhook/receiver'` is the package itself, as built.
mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache', 'docs-receiver-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('docs/receiver.md', () => {
  test('has a server for Node that takes what a drain sends', async () => {
    const pipeline = await createPipeline(
      { endpoints: [{ name: 'a', type: 'http', url: 'http://127.0.0.1:1/' }] },
      'create table orders (id int primary key, status text)',
    );
    const server = await startServer(snippet('createServer'));
    const endpoint = { name: 'a', type: 'http' as const, url: server.url };
    const configured = await pipeline.configured({
      endpoints: [{ ...endpoint, signing: { secrets: [secret] } }],
    });
    await pipeline.database.query(`insert into orders values (7, 'new')`);
    expect((await configured.drain()).status).toBe('caught_up');
    const answer = await fetch(server.url, { method: 'POST', body: '{}' });
    expect(await answer.json()).toMatchObject({ status: 401, code: 'header_missing' });
    expect(await server.stop()).toEqual([`new in orders { id: 7, status: 'new' }`]);
  });

  test('has a function that verifies and parses', async () => {
    const logged = vi.spyOn(console, 'log').mockReturnValue();
    onTestFinished(() => logged.mockRestore());
    const { receiveWebhook } = await load<{
      receiveWebhook: (headers: Headers, body: Uint8Array) => Promise<number>;
    }>('export async function receiveWebhook');
    const { headers, body } = signedEvent();
    expect(await receiveWebhook(headers, body)).toBe(204);
    expect(logged).toHaveBeenCalledExactlyOnceWith('e7', 'insert', 'orders', { id: 7 });
    expect(await receiveWebhook(new Headers(), body)).toBe(401);
    const noEvent = signedEvent('[]');
    expect(await receiveWebhook(noEvent.headers, noEvent.body)).toBe(400);
  });

  test('notes an event in the transaction that handles it, so that both are there or neither', async () => {
    const database = await createTestDatabase();
    for (const { language, text } of blocksOf(page)) {
      if (language === 'sql') await database.query(text);
    }
    const run = `
      const { receive } = await import(process.argv[1]);
      const { headers, body } = JSON.parse(process.argv[2]);
      const post = () => receive(new Request('http://r/', { method: 'POST', headers, body }));
      const answers = await Promise.all([post(), post(), post()]);
      console.log(JSON.stringify(await Promise.all(answers.map(async (a) => [a.status, await a.text()]))));
      process.exit();`;
    const { headers, body } = signedEvent();
    const request = { headers: Object.fromEntries(headers), body: new TextDecoder().decode(body) };
    const script = writeScript(snippet('insert into handled_events'));
    const args = ['--input-type=module', '-e', run, script, JSON.stringify(request)];
    const answers = async (): Promise<unknown> => {
      const child = startNode(args, { DATABASE_URL: database.url });
      return JSON.parse((await child.lines).at(-1)!);
    };

    const failed = [200, '{"batchItemFailures":[{"itemIdentifier":"e7"}]}'];
    expect(await answers()).toEqual([failed, failed, failed]);
    expect(await database.query('select from handled_events')).toHaveLength(0);
    await database.query('create table order_log (entry text)');
    expect(await answers()).toEqual([
      [204, ''],
      [204, ''],
      [204, ''],
    ]);
    expect(await answers()).toEqual([
      [204, ''],
      [204, ''],
      [204, ''],
    ]);
    expect(await database.query('select entry from order_log')).toEqual([{ entry: '7' }]);
  });

  test.skipIf(redisServerProgram === null)(
    'has a store in Redis (skipped without a redis-server of version 7)',
    async () => {
      const { Redis } = await import('ioredis');
      const redis = new Redis((await startRedis(redisServerProgram!)).url);
      onTestFinished(() => redis.disconnect());
      const { redisStore } = await load<{ redisStore: (client: typeof redis) => DedupeStore }>(
        'export function redisStore',
      );
      const store = redisStore(redis);
      const claims = await Promise.all(Array.from({ length: 10 }, () => store.claim('a')));
      const [mine, ...more] = claims.flatMap((claim) => (claim.state === 'taken' ? [claim] : []));
      expect(more).toEqual([]);
      expect(await store.claim('a')).toEqual({ state: 'busy' });
      await mine!.release();
      const second = await store.claim('a');
      expect(second.state).toBe('taken');
      await mine!.release();
      expect(await store.claim('a')).toEqual({ state: 'busy' });
      await mine!.confirm();
      expect(await store.claim('a')).toEqual({ state: 'done' });
      expect(await redis.pttl('walhook:handled:a')).toBeGreaterThan(0);
    },
  );

  test('describes the options and the codes that there are', () => {
    const options: Readonly<Record<keyof ReceiverOptions, true>> = {
      secrets: true,
      handle: true,
      store: true,
      ordering: true,
      toleranceSeconds: true,
      maxBodyBytes: true,
      largeIntegers: true,
      onError: true,
      now: true,
    };
    const described = tableRows(page, 'option', 'does').map(([name]) => name);
    expect(described).toEqual(Object.keys(options));
    const codes = [...readPage('src/receiver/receiver-error.ts').matchAll(/\| '(\w+)'/g)];
    for (const [, code] of codes) expect(readPage(page)).toContain(`\`${code}\``);
  });
});

/** The one TypeScript block with that in it. */
function snippet(mark: string): string {
  const found = blocksOf(page).filter(
    ({ language, text }) => language === 'ts' && text.includes(mark),
  );
  expect(found).toHaveLength(1);
  return found[0]!.text;
}

/** Its types are for typescript.test.ts to judge. */
function writeScript(text: string): string {
  const script = join(mkdtempSync(join(folder, 'snippet-')), 'script.mjs');
  const options = { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } } as const;
  writeFileSync(script, transformSync(text, options).code);
  return pathToFileURL(script).href;
}

async function load<Exports>(mark: string): Promise<Exports> {
  vi.stubEnv('WALHOOK_SIGNING_SECRET', secret);
  onTestFinished(() => void vi.unstubAllEnvs());
  return (await import(/* @vite-ignore */ writeScript(snippet(mark)))) as Exports;
}

function signedEvent(text = '{"id":"e7","op":"insert","table":"orders","key":{"id":7}}') {
  const body = new TextEncoder().encode(text);
  const seconds = Math.floor(Date.now() / 1000);
  return { headers: new Headers(signedHeaders([secret], 'e7', seconds, body)), body };
}

function startNode(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, WALHOOK_SIGNING_SECRET: secret, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, lines: allLines(child.stdout) };
}

async function allLines(stream: Readable): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface(stream)) lines.push(line);
  return lines;
}

async function startServer(text: string) {
  const port = await freePort();
  const script = fileURLToPath(writeScript(text));
  const { child, lines } = startNode([script], { PORT: String(port) });
  const url = `http://127.0.0.1:${port}/`;
  await untilAnswered(url);
  return {
    url,
    async stop(): Promise<string[]> {
      child.kill('SIGKILL');
      return lines;
    },
  };
}

/** A process that starts has nothing to say that it listens. */
async function untilAnswered(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise(setImmediate);
    }
  }
}
