import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { root } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';
import { secret } from '../support/secrets.ts';

const CRON_SECRET = secret('cron');

// Deployed: with walhook among its packages, as it is built.
const folder = mkdtempSync(join(tmpdir(), 'walhook-vercel-'));
cpSync(join(root, 'examples/vercel'), folder, { recursive: true });
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules/walhook'));

const json = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));

let playground: Playground;
let rows = 0;
beforeAll(async () => {
  playground = await openPlayground(await startPrivateServer());
  await playground.shell('walhook init --tables orders');
});
beforeEach(async () => {
  rows += 1;
  await playground.sql(`insert into orders values (${rows}, 'new')`);
});
afterAll(async () => {
  await playground.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The exported handler gets a Request, as Vercel hands it over; in a process of its own. */
async function call(method: 'GET' | 'POST', authorization: string) {
  const { code, stdout, stderr } = await playground.shell(
    `node --input-type=module -e "$CODE" 2>/dev/null | tail -n 1`,
    {
      CRON_SECRET,
      AUTHORIZATION: authorization,
      CODE: `
        const { ${method} } = await import('${join(folder, 'api/drain.mjs')}');
        const headers = { authorization: process.env.AUTHORIZATION, 'user-agent': 'vercel-cron/1.0' };
        const url = 'https://shop-hooks.vercel.app/api/drain';
        const answer = await ${method}(new Request(url, { method: '${method}', headers }));
        console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));`,
    },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as { status: number; body: object };
}

describe('examples/vercel', () => {
  test.each(['GET', 'POST'] as const)('drains for a %s that shows CRON_SECRET', async (method) => {
    const { status, body } = await call(method, `Bearer ${CRON_SECRET}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'caught_up', events: 1 });
    expect(playground.receiver.events().at(-1)).toMatchObject({ after: { id: rows } });
  });

  test('does nothing for who shows another secret', async () => {
    const before = playground.receiver.requests.length;
    expect(await call('GET', 'Bearer undefined')).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
    expect(playground.receiver.requests.length).toBe(before);
  });

  test('is called where there is a function, which has more time than its drain', () => {
    const { crons, functions } = json('vercel.json') as {
      crons: { path: string; schedule: string }[];
      functions: Record<string, { maxDuration: number }>;
    };
    const [[file, { maxDuration }]] = Object.entries(functions) as [
      [string, { maxDuration: number }],
    ];
    expect(existsSync(join(folder, file))).toBe(true);
    expect(crons).toEqual([{ path: `/${file.replace('.mjs', '')}`, schedule: '* * * * *' }]);
    const deadline = /DEADLINE = '(\d+)s'/.exec(readFileSync(join(folder, file), 'utf8'))![1];
    expect(maxDuration).toBeGreaterThanOrEqual(Number(deadline) + 8);
  });

  test('asks for a version that there is', () => {
    expect(json('package.json')).toMatchObject({ dependencies: { walhook: `^${VERSION}` } });
  });
});
