import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { serveSchema } from '../../src/config/serve-schema.ts';
import { VERSION } from '../../src/version.ts';
import { freePort } from '../support/free-port.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { complaintsAbout } from './kubernetes-api.ts';
import { blocksOf, readPage, root } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';
import { complaintsAboutUnits, hasSystemd, parseUnit } from './systemd.ts';

const page = 'docs/serve.md';
const blocks = blocksOf(page);
const [init, start, scrape, end] = blocks.filter(({ language }) => language === 'sh');
const { shutdownMs, minIntervalMs, maxIntervalMs } = serveSchema.parse({});

describe('the page, tried', () => {
  let playground: Playground;
  let port: number;
  beforeAll(async () => {
    playground = await openPlayground(await startPrivateServer());
    port = await freePort();
  });
  afterAll(() => playground.close());

  /** At another port than the page's, which somebody else may have. */
  const run = (text: string) =>
    playground.shell(text.replaceAll('localhost:8080', `localhost:${port}`), {
      WALHOOK_HTTP_PORT: String(port),
    });

  test(
    'it starts, delivers, shows its metrics to who has the token, and ends',
    { timeout: 120_000 },
    async () => {
      expect(await run(init!.text)).toMatchObject({ code: 0 });
      expect(await run(start!.text)).toMatchObject({ code: 0, stdout: '{"status":"ok"}' });
      for (const route of ['ready', 'metrics']) {
        expect((await fetch(`http://localhost:${port}/${route}`)).status).toBe(401);
      }
      await playground.sql(`insert into orders values (1, 'new')`);
      await playground.receiver.waitFor(({ requests }) => requests.length === 1);
      expect((await run(scrape!.text)).stdout).toContain('walhook_lag_seconds');
      expect(await run(end!.text)).toMatchObject({ code: 0 });
      const untilGone = 'while kill -0 "$(cat serve.pid)" 2>/dev/null; do :; done; cat serve.log';
      expect((await run(untilGone)).stdout).not.toContain('still under way');
    },
  );
});

test('the page names the pace and the time to end as they are', () => {
  const text = readPage(page);
  expect(text).toContain(`\`serve.minIntervalMs\`, ${minIntervalMs} ms`);
  expect(text).toContain(`\`serve.maxIntervalMs\`, ${maxIntervalMs} ms`);
  expect(text).toContain(`\`serve.shutdownMs\` (${shutdownMs / 1_000} seconds)`);
});

test('the proxy leads to where it listens, and Prometheus shows a token', () => {
  const proxy = blocks.find(({ language }) => language === 'caddyfile')!;
  expect(proxy.text).toContain('reverse_proxy 127.0.0.1:8080');
  const yaml = blocks.find(({ language }) => language === 'yaml')!;
  // The metrics are where Prometheus looks by default: at /metrics.
  expect(parse(yaml.text)).toEqual({
    scrape_configs: [
      {
        job_name: 'walhook',
        authorization: { type: 'Bearer', credentials_file: expect.any(String) },
        static_configs: [{ targets: ['walhook:8080'] }],
      },
    ],
  });
});

describe('by systemd', () => {
  const unit = parseUnit(readExample('systemd/walhook-serve.service'));

  test('it is started again, and given the time to end', () => {
    expect(unit['Service']).toMatchObject({ ExecStart: 'walhook serve', Restart: 'always' });
    expect(Number(unit['Service']!['TimeoutStopSec']) * 1_000).toBeGreaterThan(shutdownMs);
    expect(unit['Install']).toEqual({ WantedBy: 'multi-user.target' });
  });

  test.skipIf(!hasSystemd)('nothing is wrong with the unit', () => {
    expect(complaintsAboutUnits('walhook-serve.service')).toEqual([]);
  });
});

describe('on Kubernetes', () => {
  const [deployment, service] = parseAllDocuments(readExample('kubernetes-serve.yaml')).map(
    (document) => document.toJS() as { spec: object },
  );

  test('Deployment and Service are what the API describes', { timeout: 60_000 }, () => {
    expect(complaintsAbout(deployment, 'apps/v1', 'Deployment')).toBe('');
    expect(complaintsAbout(service, 'core/v1', 'Service')).toBe('');
    const misspelt = { ...deployment!, spec: { ...deployment!.spec, replica: 1 } };
    expect(complaintsAbout(misspelt, 'apps/v1', 'Deployment')).toContain('replica');
  });

  test('the probes ask what needs no token, and it is given the time to end', () => {
    const pod = (deployment as unknown as Deployment).spec.template.spec;
    const [container] = pod.containers;
    expect(container).toMatchObject({
      image: `registry.example.com/walhook:${VERSION}`,
      args: ['serve'],
      startupProbe: { httpGet: { path: '/health' } },
      livenessProbe: { httpGet: { path: '/health' } },
      readinessProbe: { httpGet: { path: '/health' } },
    });
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(shutdownMs);
  });
});

type Deployment = {
  spec: {
    template: { spec: { terminationGracePeriodSeconds: number; containers: [object] } };
  };
};

function readExample(name: string): string {
  return readFileSync(join(root, 'examples', name), 'utf8');
}
