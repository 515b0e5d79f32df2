import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { serverMajorVersion } from '../support/database.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { besidesAddresses, parseCrontab } from './crontab.ts';
import { type Block, blocksOf, pages, readPage, root } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';
import { signingSecret } from '../support/secrets.ts';

/**
 * Blocks that are not run where they stand, by page and first line: why, and what looks at them.
 */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'README.md: export WALHOOK_SIGNING_SECRET=whsec_$(head -c 32 /dev/urandom | base64)':
    'starts a receiver that never ends: examples.test.ts runs it',
  "README.md: import { createHmac, timingSafeEqual } from 'node:crypto';":
    'is a file of examples/, which examples.test.ts compares and runs',
  'README.md: npm install && npm run demo':
    'would install into the checkout: package.json has both',
  'docs/cli.md: walhook dead-letters show 1':
    'needs a dead letter, which the page does not make: test/cli/dead-letters.test.ts runs it',
  'docs/alerts.md: {': 'is compared with a real one by alerts-page.test.ts',
  'docs/observability.md: // worker.ts': 'is run in workerd: test/worker/traces.test.ts',
  'docs/cli.md: walhook demo': 'takes its time: README.md has it too, and runs it',
};

/** SQL that only later servers know. */
const SINCE: Readonly<Record<string, number>> = {
  'docs/postgres-setup.md: alter publication walhook set table orders (id, status) where (id > 0);': 15,
};

/** Run by tests of their own. */
const OWN_TEST = new Set([
  'docs/events.md',
  'docs/formats.md',
  'docs/operations.md',
  'CONTRIBUTING.md',
  'docs/hook0.md',
  'docs/cloudflare.md',
  'docs/drasi.md',
  'docs/lambda.md',
  'docs/container.md',
  'docs/kubernetes.md',
  'docs/serve.md',
  'docs/vercel.md',
  'docs/cron.md',
  'docs/github-actions.md',
  'docs/pg-cron.md',
]);

const stories = pages
  .filter((page) => !OWN_TEST.has(page) && blocksOf(page).some(({ language }) => language !== 'ts'))
  .map((page) => ({ page }));
const firstLines = new Set(pages.flatMap(blocksOf).map(nameOf));
const server = await startPrivateServer();

describe.each(stories)('$page', ({ page }) => {
  let playground: Playground;
  let lastStdout = '';
  beforeAll(async () => void (playground = await openPlayground(server)));
  afterAll(() => playground.close());

  for (const block of blocksOf(page)) {
    const where = `line ${block.line} (${block.language || 'text'})`;
    if (ELSEWHERE[nameOf(block)] !== undefined) continue;
    switch (block.language) {
      case 'sh':
        test(`${where} runs`, { timeout: 120_000 }, async () => {
          const { code, stdout, stderr } = await playground.shell(block.text);
          expect({ code, stderr }).toMatchObject({ code: 0 });
          lastStdout = stdout;
        });
        break;
      case 'crontab':
        test(`${where} runs`, async () => {
          const { variables, commands } = parseCrontab(block.text);
          expect(commands).not.toEqual([]);
          await playground.sql(`insert into orders values (99, 'new')`);
          for (const command of commands) {
            const ended = await playground.shell(command, besidesAddresses(variables));
            expect(ended).toMatchObject({ code: 0 });
          }
          const last = playground.receiver.requests.at(-1)!;
          expect(last.headers['webhook-signature']).toMatch(/^v1,/);
        });
        break;
      case 'sql':
        test.skipIf(serverMajorVersion < (SINCE[nameOf(block)] ?? 0))(`${where} runs`, async () => {
          await expect(playground.sql(block.text)).resolves.toBeInstanceOf(Array);
        });
        break;
      case 'json':
        test(`${where} has the shape of the real one`, () => {
          const shown = JSON.parse(block.text) as object;
          const isEvent = 'op' in shown || 'outbox_id' in shown;
          const real = isEvent ? playground.receiver.events().at(-1) : JSON.parse(lastStdout);
          expect(shapeOf(shown)).toEqual(shapeOf(real));
        });
        break;
      case 'yaml':
        test(`${where} is a configuration`, () => {
          const { config } = parseConfig(withDatabase(parse(block.text)), variablesIn(block.text));
          expect(config.endpoints).not.toEqual([]);
        });
        break;
      case 'ts':
        // Compiled, and run or parsed: typescript.test.ts.
        break;
      default:
        test(`${where} is a drawing, or compared elsewhere`, () =>
          expect(block.language).toBe('text'));
    }
  }
});

test('what is left out is there, and is in package.json where it says so', () => {
  for (const name of [...Object.keys(ELSEWHERE), ...Object.keys(SINCE)]) {
    expect(firstLines).toContain(name);
  }
  const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
  expect(scripts).toMatchObject({ demo: expect.anything(), test: expect.anything() });
});

test.each(pages.map((page) => ({ page })))('$page links to what is there', ({ page }) => {
  for (const [, target] of readPage(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(https?|mailto):/.test(target!)) continue;
    const [file, anchor] = target!.split('#');
    const linked = file === '' ? page : join(page, '..', file!);
    expect({ target, exists: existsSync(join(root, linked)) }).toEqual({ target, exists: true });
    expect([undefined, ...anchorsOf(linked)]).toContain(anchor);
  }
});

function nameOf({ page, text }: Block): string {
  return `${page}: ${text.split('\n')[0]}`;
}

/** Names in their order, and the names in what they hold; values are the server's. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return null;
  return Object.entries(value).map(([name, inner]) =>
    // A row's columns are the table's, and null is a shape too.
    ['key', 'before', 'after'].includes(name) ? name : [name, shapeOf(inner)],
  );
}

function withDatabase(config: unknown): unknown {
  return { database: { url: 'postgres://me@db/shop' }, ...(config as object) };
}

/** A value for each variable that a configuration names: one that any option takes. */
function variablesIn(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, name] of text.matchAll(/\$\{(\w+)\}/g)) {
    values[name!] = name!.includes('SECRET')
      ? signingSecret(name!.replaceAll('_', ''))
      : 'postgres://me@db/shop';
  }
  return values;
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  if (!page.endsWith('.md')) return [];
  return readPage(page)
    .split('\n')
    .flatMap((line) => /^#+ (.+)$/.exec(line)?.[1] ?? [])
    .map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
}
