import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../../src/version.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { blocksOf, root } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';

const text = readFileSync(join(root, 'examples/kubernetes-cronjob.yaml'), 'utf8');
const manifest = parse(text) as {
  spec: {
    concurrencyPolicy: string;
    jobTemplate: {
      spec: { template: { spec: { securityContext: object; containers: Container[] } } };
    };
  };
};
type Container = { image: string; args: string[]; securityContext: object };

const pod = manifest.spec.jobTemplate.spec.template.spec;
const container = pod.containers[0]!;

// Within the package, where the types of Kubernetes are found.
mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache', 'kubernetes-'));
let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground(await startPrivateServer());
  await playground.shell('walhook init --tables orders');
});
afterAll(async () => {
  await playground.close();
  rmSync(folder, { recursive: true, force: true });
});

test(
  'the CronJob is what the API of Kubernetes describes, to the last field',
  { timeout: 60_000 },
  () => {
    expect(complaintsAbout(manifest)).toBe('');
    const misspelt = structuredClone(manifest);
    Object.assign(misspelt.spec, { concurencyPolicy: 'Forbid' });
    expect(complaintsAbout(misspelt)).toContain('concurencyPolicy');
  },
);

test('the CronJob runs one drain at a time, with nothing that it does not need', () => {
  expect(manifest.spec.concurrencyPolicy).toBe('Forbid');
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});

test('the CronJob runs a command that there is, of the image that the page builds', async () => {
  expect(container.image).toBe(`registry.example.com/walhook:${VERSION}`);
  const [commands] = blocksOf('docs/kubernetes.md');
  expect(commands!.text).toContain(`docker push ${container.image}\n`);
  await playground.sql(`insert into orders values (1, 'new')`);

  const ended = await playground.shell(`walhook ${container.args.join(' ')}`);

  expect(JSON.parse(ended.stdout)).toMatchObject({ status: 'caught_up', events: 1 });
});

test('the pod that runs init is what the API describes, too', { timeout: 60_000 }, () => {
  const [commands] = blocksOf('docs/kubernetes.md');
  const overrides = /--overrides='(.+)'/.exec(commands!.text)![1]!;
  expect(complaintsAbout(JSON.parse(overrides), 'core/v1', 'Pod')).toBe('');
});

/** Of the TypeScript compiler, which tells of fields that there are not. */
function complaintsAbout(value: unknown, module = 'batch/v1', type = 'CronJob'): string {
  const source = [
    `import type { ${type} } from 'kubernetes-types/${module}';`,
    `export const it: ${type} = ${JSON.stringify(value)};`,
  ].join('\n');
  writeFileSync(join(folder, 'manifest.ts'), source);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext'];
  const args = [tsc, ...flags, '--moduleResolution', 'bundler', join(folder, 'manifest.ts')];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout;
}
