import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pathVariables, shortVariables } from '../../src/config/environment-variables.ts';
import { workerdProgram } from '../receiver/runtimes.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { bundleWorker } from '../worker/bundle.ts';
import { serveWorker } from '../worker/workerd.ts';
import { type Block, blocksOf, root } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';
import { secret, signingSecret } from '../support/secrets.ts';

const page = 'docs/cloudflare.md';
const blocks = blocksOf(page);
const named = (name: string): readonly Block[] => blocks.filter((each) => each.language === name);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

// Within the package, where `walhook/worker` is the package itself, as built.
mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache', 'docs-cloudflare-'));
let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground(await startPrivateServer());
  const init = named('sh').find(({ text }) => text.startsWith('walhook'))!.text;
  const { code, stderr } = await playground.shell(init);
  if (code !== 0) throw new Error(stderr);
});
afterAll(async () => {
  await playground.close();
  rmSync(folder, { recursive: true, force: true });
});

const TOKEN = secret('token');

const vars = () => ({
  DATABASE_URL: playground.databaseUrl,
  HTTP_ENDPOINT_URL: playground.receiver.url,
  WALHOOK_SIGNING_SECRET: signingSecret('worker'),
  BILLING_SECRET: signingSecret('billing'),
  WALHOOK_TOKEN: TOKEN,
});

describe.skipIf(workerdProgram === null)('the workers on the page, in workerd', () => {
  test('drain by variables, and by request as the page makes it', async () => {
    const [source] = named('typescript');
    const { text } = await bundleWorker({ source: source!.text });
    const worker = await serveWorker(workerdProgram!, text, { vars: vars() });
    await playground.sql("insert into orders values (1, 'new')");
    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
    expect(playground.receiver.events()).toMatchObject([{ after: { id: 1 } }]);

    await playground.sql("insert into orders values (2, 'new')");
    const curl = named('sh').find(({ text: script }) => script.startsWith('curl'))!.text;
    const variables = { WALHOOK_TOKEN: TOKEN, WORKER_URL: worker.url };
    const { code, stdout } = await playground.shell(curl, variables);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'caught_up', events: 1 });
  });

  test('drain by a configuration that is bundled', async () => {
    const [, source] = named('typescript');
    const [config] = named('ts');
    writeFileSync(join(folder, 'worker.ts'), source!.text);
    writeFileSync(
      join(folder, 'walhook.config.ts'),
      config!.text.replace('https://example.com/hooks', playground.receiver.url),
    );
    const { text } = await bundleWorker({ file: join(folder, 'worker.ts').slice(root.length) });
    const worker = await serveWorker(workerdProgram!, text, { vars: vars() });
    await playground.sql("insert into orders values (3, 'new')");
    expect(await worker.scheduled()).toEqual({ outcome: 'ok' });
    expect(playground.receiver.events().at(-1)).toMatchObject({ after: { id: 3 } });
  });
});

test('what the page shows is in the example', () => {
  const [, worker] = named('typescript');
  expect(`${worker!.text}\n`).toBe(read('examples/cloudflare-worker/worker.ts'));
  const deployed = read('examples/cloudflare-worker/wrangler.toml');
  const [settings, hyperdrive] = named('toml');
  expect(deployed.startsWith(settings!.text)).toBe(true);
  for (const file of [deployed, read('wrangler.toml')]) {
    expect(file).toContain(hyperdrive!.text.replaceAll(/^/gm, '# '));
  }
});

test('the example has the types of a bundler that resolves as wrangler does', async () => {
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      module: 'esnext',
      moduleResolution: 'bundler',
      customConditions: ['workerd'],
      lib: ['es2023'],
    },
    include: [join(root, 'examples/cloudflare-worker/*.ts')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

test('each secret that the page and wrangler.toml name is one that a worker reads', () => {
  const known = [...shortVariables, ...pathVariables].map(({ name }) => name as string);
  const put = named('sh')
    .flatMap(({ text }) => [...text.matchAll(/wrangler secret put (\w+)/g)])
    .map(([, name]) => name!);
  const listed = [...read('wrangler.toml').matchAll(/^#? *([A-Z]+_[A-Z_]+)(?: {2,}| = )/gm)].map(
    ([, name]) => name!,
  );
  expect(put.length).toBeGreaterThan(3);
  expect(listed.length).toBeGreaterThan(6);
  for (const name of [...put, ...listed]) expect(known).toContain(name);
});

test('the secrets that the example says to put are all that its configuration wants', () => {
  const wanted = [
    ...read('examples/cloudflare-worker/walhook.config.ts').matchAll(/env\('(\w+)'\)/g),
  ];
  const [line] = /^# npx wrangler secret put .*$/m.exec(
    read('examples/cloudflare-worker/wrangler.toml'),
  )!;
  expect(wanted.length).toBeGreaterThan(2);
  for (const [, name] of wanted) expect(line).toMatch(new RegExp(`\\b${name}\\b`));
});

/** The program itself wants a newer Node, and an account: what is asked of it is looked at. */
test('wrangler is asked for nothing but what is known to be there', () => {
  const asked = named('sh')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line.startsWith('npx wrangler'));
  const known = [
    /^npx wrangler secret put [A-Z_]+$/,
    /^npx wrangler deploy$/,
    /^npx wrangler tail$/,
    /^npx wrangler hyperdrive create walhook --connection-string="\$DATABASE_URL" --caching-disabled$/,
  ];
  expect(asked.length).toBeGreaterThan(6);
  expect(asked.filter((line) => !known.some((form) => form.test(line)))).toEqual([]);
});
