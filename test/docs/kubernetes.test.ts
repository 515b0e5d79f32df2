import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../../src/version.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { complaintsAbout } from './kubernetes-api.ts';
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

let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground(await startPrivateServer());
  await playground.shell('walhook init --tables orders');
});
afterAll(() => playground.close());

test(
  'the CronJob is what the API of Kubernetes describes, to the last field',
  { timeout: 60_000 },
  () => {
    expect(complaintsAbout(manifest, 'batch/v1', 'CronJob')).toBe('');
    const misspelt = structuredClone(manifest);
    Object.assign(misspelt.spec, { concurencyPolicy: 'Forbid' });
    expect(complaintsAbout(misspelt, 'batch/v1', 'CronJob')).toContain('concurencyPolicy');
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
