import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { blocksOf, pages, root } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';
import { secret, signingSecret } from '../support/secrets.ts';

// Within the package, where `import … from 'walhook'` is the package itself, as built.
mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache', 'docs-snippets-'));
const compiled = (name: string): string => join(folder, 'js', `${name}.js`);

const snippets = pages
  .filter((page) => page !== 'CONTRIBUTING.md')
  .flatMap(blocksOf)
  .filter(({ language }) => language === 'ts')
  .map((block, index) => ({ name: `snippet-${index}`, ...block }));
const configurations = snippets.filter(({ text }) => text.includes('export default defineConfig'));
/** The other side's programs drain nothing: receiver.test.ts runs them. */
const programs = snippets.filter(
  ({ page, text }) => page !== 'docs/receiver.md' && !text.includes('export default'),
);

let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground(await startPrivateServer());
});
afterAll(async () => {
  await playground.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the TypeScript on the pages', () => {
  test('compiles, as strictly as the project itself', { timeout: 120_000 }, async () => {
    for (const { name, text } of snippets) {
      writeFileSync(join(folder, `${name}.ts`), `${text}\nexport {};\n`);
    }
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        rootDir: folder,
        outDir: join(folder, 'js'),
        // A reader's columns are names that no type knows: event.after.status is how one writes it.
        noPropertyAccessFromIndexSignature: false,
      },
      include: [join(folder, '*.ts')],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });

  test.each(configurations)('$page, line $line, is a valid configuration', async ({ name }) => {
    const module = (await import(pathToFileURL(compiled(name)).href)) as { default: unknown };
    const env = {
      DATABASE_URL: 'postgres://me@db/shop',
      ORDERS_TOKEN: secret('token'),
      ORDERS_SECRET: signingSecret('orders'),
      BILLING_SECRET: signingSecret('billing'),
      SMTP_PASSWORD: secret('mail'),
      SLACK_WEBHOOK_URL: `https://hooks.slack.com/services/T0/B0/${secret('slack')}`,
    };
    expect(parseConfig(module.default, env).warnings).toEqual([]);
  });

  test.each(programs)('$page, line $line, runs', { timeout: 60_000 }, async (program) => {
    await playground.shell('walhook init --tables orders');
    await playground.sql(`insert into orders values (${program.line}, 'new')`);
    const url = pathToFileURL(compiled(program.name)).href;
    const environment = { WALHOOK_ENDPOINTS_0_URL: playground.receiver.url };
    const call = `for (const each of Object.values(await import('${url}'))) await each();`;
    const ended = await playground.shell(
      `node --input-type=module -e "${call}"`,
      program.text.includes('endpoints:') ? environment : {},
    );
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(playground.receiver.events()).toContainEqual(
      expect.objectContaining({ after: { id: program.line, status: 'new' } }),
    );
  });
});
