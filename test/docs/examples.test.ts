import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../../src/version.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { besidesAddresses, parseCrontab } from './crontab.ts';
import { blocksOf, root } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';
import { complaintsAboutUnits, hasSystemd, parseUnit } from './systemd.ts';
import { signingSecret } from '../support/secrets.ts';

const secret = signingSecret('examples');

let playground: Playground;
let rows = 0;
beforeAll(async () => {
  playground = await openPlayground(await startPrivateServer());
  await playground.shell('walhook init --tables orders');
});
beforeEach(async () => {
  playground.receiver.answerWith(() => 204);
  rows += 1;
  await playground.sql(`insert into orders values (${rows}, 'new')`);
});
afterAll(() => playground.close());

describe('examples/receiver', () => {
  test('is what the README shows', () => {
    const shown = blocksOf('README.md').find(({ language }) => language === 'js');
    expect(`${shown?.text}\n`).toBe(read('examples/receiver/receiver.mjs'));
  });

  test('takes what is signed, once, and refuses the rest', { timeout: 60_000 }, async () => {
    await drained(playground.shell('walhook drain', { WALHOOK_SIGNING_SECRET: secret }));
    const { body, headers } = playground.receiver.requests.at(-1)!;
    const sent = Object.fromEntries(
      Object.entries(headers).filter(([name]) => name.startsWith('webhook-')),
    ) as Record<string, string>;
    const receiver = await startExample();
    const post = async (more: Record<string, string>, payload = body): Promise<number> => {
      const options = { method: 'POST', headers: { ...sent, ...more }, body: payload.toString() };
      return (await fetch(receiver.url, options)).status;
    };

    expect(await post({})).toBe(204);
    expect(await post({})).toBe(204);
    expect(await post({ 'webhook-signature': `v1,AAAA ${sent['webhook-signature']}` })).toBe(204);
    expect(await post({ 'webhook-signature': 'v1,AAAA' })).toBe(401);
    expect(await post({ 'webhook-id': 'another' })).toBe(401);
    expect(await post({ 'webhook-timestamp': '1700000000' })).toBe(401);
    expect(await post({ 'webhook-timestamp': 'soon' })).toBe(401);
    expect(await post({}, Buffer.from(body.toString().replace('new', 'old')))).toBe(401);
    expect(await receiver.stop()).toEqual([
      `insert orders { id: ${rows} } { id: ${rows}, status: 'new' }`,
    ]);
  });
});

describe('a receiver of the documents', () => {
  test('lives on after requests that are none', { timeout: 60_000 }, async () => {
    await drained(
      playground.shell('walhook drain', {
        WALHOOK_SIGNING_SECRET: secret,
        WALHOOK_ENDPOINTS_0_BATCH_MAX_EVENTS: '1',
      }),
    );
    const { body, headers } = playground.receiver.requests.at(-1)!;
    const receiver = await startExample();
    const length = 'content-length: 99';
    for (const bytes of [
      `POST / HTTP/1.1\r\nhost: a b\r\ncontent-length: 2\r\n\r\n{}`,
      `POST / HTTP/1.1\r\nhost: r\r\n${length}\r\n\r\n{"id"`,
      `POST / HTTP/1.1\r\nhost: r\r\ntransfer-encoding: chunked\r\n\r\nzz`,
    ]) {
      await sendBytes(receiver.url, bytes);
    }
    const sent = Object.entries(headers).filter(([name]) => name.startsWith('webhook-'));
    const options = { method: 'POST', headers: Object.fromEntries(sent) as Record<string, string> };
    // One event a request, which is its body.
    expect((await fetch(receiver.url, { ...options, body: body.toString() })).status).toBe(204);
    expect(await receiver.stop()).toEqual([
      `insert orders { id: ${rows} } { id: ${rows}, status: 'new' }`,
    ]);
  });
});

describe('a schedule', () => {
  test('by cron is silent when all is well, and when another drain is under way', async () => {
    const { variables, commands } = parseCrontab(read('examples/crontab'));
    expect(commands.length).toBe(1);
    const ended = await drained(playground.shell(commands[0]!, besidesAddresses(variables)));
    expect(ended).toMatchObject({ stdout: '', stderr: '' });
    const busy = commands[0]!.replace('npx walhook drain --deadline 50s', '(exit 4)');
    expect(await playground.shell(busy)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const failed = commands[0]!.replace('npx walhook drain --deadline 50s', '(exit 3)');
    expect((await playground.shell(failed)).stdout).toContain('failed');
  });

  test('by GitHub Actions runs a command that there is', async () => {
    const { jobs } = yaml('examples/github-actions.yml') as {
      jobs: { drain: { steps: { run?: string }[] } };
    };
    const commands = jobs.drain.steps.flatMap(({ run }) => run ?? []);
    expect(commands.join()).toContain(`walhook@${VERSION}`);
    await drained(playground.shell(commands.join('\n')));
  });

  // systemd does not run in a test: its units are read, by its own reader too where there is one.
  test('by systemd runs a command that there is, and takes busy for no failure', async () => {
    const unit = parseUnit(read('examples/systemd/walhook.service'));
    expect(unit['Service']).toMatchObject({ Type: 'oneshot', SuccessExitStatus: '4' });
    await drained(playground.shell(unit['Service']!['ExecStart']!));
    expect(parseUnit(read('examples/systemd/walhook.timer'))['Timer']).toHaveProperty('OnCalendar');
  });
});

test.skipIf(!hasSystemd)('systemd finds nothing wrong with its units', () => {
  expect(complaintsAboutUnits('walhook.service', 'walhook.timer')).toEqual([]);
});

test('a crontab has a password as it stands in the URL: only commands take a percent sign for more', () => {
  const { variables } = parseCrontab(read('examples/crontab').replace('me:secret@', 'me:p%40ss@'));
  expect(decodeURIComponent(new URL(variables['DATABASE_URL']!).password)).toBe('p@ss');
  const escaped = read('examples/crontab').replace('me:secret@', 'me:p\\%40ss@');
  const { variables: wrong } = parseCrontab(escaped);
  expect(decodeURIComponent(new URL(wrong['DATABASE_URL']!).password)).not.toBe('p@ss');
  expect(read('docs/cron.md')).not.toContain('\\%');
  expect(() => parseCrontab('* * * * * walhook drain --deadline 5%')).toThrow('not a line');
});

test('wrangler.toml names no entry that does not exist', () => {
  const main = /^main\s*=\s*"(.*)"/m.exec(read('wrangler.toml'))?.[1];
  expect(main === undefined || existsSync(join(root, main))).toBe(true);
});

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Throws on what is no YAML. */
function yaml(file: string): unknown {
  return parse(read(file));
}

async function sendBytes(url: string, bytes: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.resume();
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.end(bytes);
  await closed;
}

/** It ended well, and has delivered the latest row. */
async function drained(ending: ReturnType<Playground['shell']>) {
  const ended = await ending;
  expect(ended).toMatchObject({ code: 0 });
  const last = playground.receiver.events().at(-1);
  expect(last).toMatchObject({ after: { id: rows } });
  return ended;
}

async function startExample(): Promise<{ url: string; stop(): Promise<string[]> }> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), WALHOOK_SIGNING_SECRET: secret };
  const child = spawn(process.execPath, [join(root, 'examples/receiver/receiver.mjs')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  const url = `http://127.0.0.1:${port}/`;
  await until(() => fetch(url, { method: 'POST' }));
  return {
    url,
    async stop() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
      return lines;
    },
  };
}

/** Tries until it does not reject: a process that starts has nothing to say that it listens. */
async function until(attempt: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await attempt();
      return;
    } catch {
      await new Promise(setImmediate);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
