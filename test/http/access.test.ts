import { beforeAll, describe, expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { rawRequest, requestText, statusOf } from './raw-request.ts';
import { CRON_SECRET, type ServedApp, serveApp, TOKEN } from './served-app.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';

const ROUTES = [
  ['POST', '/drain', 200],
  ['GET', '/drain', 200],
  ['GET', '/ready', 200],
  ['GET', '/metrics', 200],
  ['GET', '/', 200],
  ['GET', '/openapi.json', 200],
  ['GET', '/api/status', 200],
  ['GET', '/api/endpoints', 200],
  ['GET', '/api/runs', 200],
  ['GET', '/api/dead-letters', 200],
  ['GET', '/api/dead-letters/1', 404],
  ['POST', '/api/endpoints/hooks/pause', 200],
  ['POST', '/api/endpoints/hooks/resume', 200],
  ['POST', '/api/dead-letters/redrive', 400],
  ['POST', '/api/dead-letters/discard', 400],
  ['GET', '/nowhere', 404],
  ['DELETE', '/api/status', 405],
] as const;

/** More than Node keeps of a request's unless it is told to. */
const manyHeaders = ['host: localhost', ...Array.from({ length: 1_001 }, (_, n) => `x${n}: `)];

let config: ResolvedConfig;
let app: ServedApp;
let open: ServedApp;

beforeAll(async () => {
  const receiver = await startReceiver();
  const endpoints = [{ name: 'hooks', type: 'http', url: receiver.url }] as const;
  ({ config } = await createPipeline({ endpoints: [...endpoints] }));
  app = await serveApp(config);
  open = await serveApp(config, []);
});

describe.each(ROUTES)('%s %s', (method, path, status) => {
  test('lets in with the token and with the cron secret', async () => {
    for (const token of [TOKEN, CRON_SECRET]) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await app.ask(path, { method, headers });
      expect(answer.status).toBe(status);
    }
  });

  test.each([
    ['nothing', undefined],
    ['another token', 'Bearer the-token-of-another-one'],
    ['the beginning of the token', `Bearer ${TOKEN.slice(0, -1)}`],
    ['the token and more', `Bearer ${TOKEN}x`],
    ['the token in another case', `Bearer ${TOKEN.toUpperCase()}`],
    ['both tokens', `Bearer ${TOKEN},${CRON_SECRET}`],
    ['the token alone', TOKEN],
    ['an empty token', 'Bearer '],
    ['another scheme', `Token ${TOKEN}`],
  ])('refuses %s', async (_what, authorization) => {
    const headers = authorization === undefined ? { authorization: '' } : { authorization };
    const answer = await app.ask(path, { method, headers });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'unauthorized', status: 401 });
    expect(answer.headers.get('www-authenticate')).toMatch(/^(Bearer|Basic) realm="walhook"$/);
    expect(answer.text).not.toContain(TOKEN.slice(0, -1));
  });

  test('refuses a token in the query, and keeps it out of the log', async () => {
    const url = `${path}?token=${TOKEN}&authorization=Bearer%20${TOKEN}`;
    const answer = await app.ask(url, { method, headers: { authorization: '' } });
    expect(answer.status).toBe(401);
    expect(app.log()).not.toContain(TOKEN);
  });

  test('answers a program of the same machine where no token is configured', async () => {
    const answer = await open.ask(path, { method, headers: { authorization: '' } });
    expect(answer.status).toBe(status);
  });

  test.each([
    ['through a proxy', ['host: localhost', 'x-forwarded-for: 203.0.113.9']],
    ['through a proxy that says it is local', ['host: localhost', 'forwarded: for=127.0.0.1']],
    ['through a proxy, behind many headers', [...manyHeaders, 'x-forwarded-for: 203.0.113.9']],
    ['by a page of another site, behind many headers', [...manyHeaders, 'origin: http://a.test']],
    ['by a name that leads here', ['host: rebound.example']],
    ['by a name that begins like this machine', ['host: localhost.rebound.example']],
    ['by a page of another site', ['host: localhost', 'sec-fetch-site: cross-site']],
    ['by a page of another port', ['host: localhost:80', 'origin: http://localhost:3000']],
    ['by a page of another scheme', ['host: localhost', 'origin: https://localhost']],
    ['by a page that a page of another site shows', ['host: localhost', 'referer: http://a.test/']],
    ['by an address that leads here', ['host: 0.0.0.0']],
    ['by a page without an origin', ['host: localhost', 'origin: null']],
  ])('refuses whoever comes %s where no token is configured', async (_how, headers) => {
    const length = method === 'POST' ? ['content-length: 0'] : [];
    const answer = await rawRequest(open.port, requestText(method, path, [...headers, ...length]));
    expect(statusOf(answer)).toBe(403);
    expect(answer).toContain('"code":"token_missing"');
  });
});

/** What products add that pass requests on: by one of these alone a request is known. */
const PROXIES = `
  forwarded via x-forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port
  x-forwarded-server x-forwarded-scheme x-forwarded-ssl x-forwarded-prefix x-forwarded-client-cert
  forwarded-for x-original-forwarded-for x-original-host x-original-url x-original-uri x-originating-ip
  x-real-ip x-client-ip client-ip x-remote-ip x-remote-addr remote-addr x-cluster-client-ip
  true-client-ip cf-connecting-ip cf-connecting-ipv6 cf-ray cf-visitor cf-ipcountry cdn-loop
  fly-client-ip fly-forwarded-port fastly-client-ip fastly-ff akamai-origin-hop do-connecting-ip
  x-envoy-external-address x-envoy-expected-rq-timeout-ms x-azure-clientip x-azure-fdid x-arr-ssl
  x-appengine-user-ip x-cloud-trace-context x-amzn-trace-id x-amz-cf-id x-vercel-id
  x-nf-client-connection-ip x-proxyuser-ip proxy-client-ip wl-proxy-client-ip x-nginx-proxy
  proxy-connection x-scheme x-request-start x-client-port cloudfront-viewer-address
  x-vercel-forwarded-for x-varnish-id x-sucuri-clientip incap-client-ip ali-cdn-real-ip
  tailscale-user-login x-railway-request-id x-kong-request-id x-source-ip x-peer-address
`;

test.each(PROXIES.trim().split(/\s+/))('%s alone tells of a proxy', async (header) => {
  const request = requestText('GET', '/api/status', ['host: localhost', `${header}: 1`]);
  const answer = await rawRequest(open.port, request);
  expect(statusOf(answer)).toBe(403);
  expect(answer).toContain(`the request came through a proxy (${header})`);
});

test.each([
  ['curl', ['user-agent: curl/8.5.0', 'accept: */*']],
  [
    'a program with a trace',
    ['traceparent: 00-1-1-00', 'b3: 1', 'x-b3-traceid: 1', 'baggage: a=1'],
  ],
  ['a program with an id', ['x-request-id: 1', 'x-correlation-id: 1', 'idempotency-key: 1']],
  ['a program that asks for JSON', ['x-requested-with: XMLHttpRequest', 'cookie: a=1', 'dnt: 1']],
  ['a page of its own', ['origin: http://localhost', 'sec-fetch-site: same-origin']],
  ['a link of its own', ['referer: http://localhost/', 'sec-fetch-site: same-origin']],
])('%s is local', async (_who, headers) => {
  const answer = await rawRequest(open.port, requestText('GET', '/api/status', headers));
  expect(statusOf(answer)).toBe(200);
});

test('health is for everybody, whatever they show', async () => {
  for (const served of [app, open]) {
    const answer = await served.ask('/health', { headers: { authorization: 'Bearer wrong' } });
    expect(answer).toMatchObject({ status: 200, json: { status: 'ok' } });
    const from = await rawRequest(
      served.port,
      requestText('GET', '/health', ['host: pod', 'x-forwarded-for: 203.0.113.9']),
    );
    expect(statusOf(from)).toBe(200);
  }
  expect(
    (await app.ask('/health', { method: 'HEAD', headers: { authorization: '' } })).status,
  ).toBe(200);
});

test('who names no host at all is not taken for a program of the same machine', async () => {
  for (const [method, path] of ROUTES) {
    const length = method === 'POST' ? 'content-length: 0\r\n' : '';
    const answer = await rawRequest(open.port, `${method} ${path} HTTP/1.0\r\n${length}\r\n`);
    expect(statusOf(answer)).toBe(403);
  }
});

test('an app that others can reach, and that has no token for them, warns of that', async () => {
  const warning = 'no token is configured: whoever calls from another machine is refused';
  const unguarded = await serveApp(config, [], { host: '0.0.0.0' });
  expect(unguarded.log()).toContain(warning);
  const guarded = await serveApp(config, [TOKEN], { host: '0.0.0.0' });
  for (const served of [guarded, app, open]) expect(served.log()).not.toContain(warning);
});

function basic(user: string, password: string): Record<string, string> {
  const encoded = Buffer.from(`${user}:${password}`).toString('base64');
  return { authorization: `Basic ${encoded}` };
}

test('a browser may show the token as a password, on the dashboard alone', async () => {
  expect((await app.ask('/', { headers: basic('anybody', TOKEN) })).status).toBe(200);
  expect((await app.ask('/', { headers: basic(TOKEN, '') })).status).toBe(401);
  expect((await app.ask('/', { headers: basic('x', 'wrong') })).status).toBe(401);
  for (const path of ['/drain', '/api/status', '//']) {
    expect((await app.ask(path, { headers: basic('x', TOKEN) })).status).toBe(401);
  }
});

test('an app that does not know its peer answers nobody without a token', async () => {
  const { createApp } = await import('../../src/index.ts');
  const given = { database: { url: config.database.url }, slot: config.slot };
  const endpoints = [{ name: 'out', type: 'stdout' as const }];
  const unknown = await createApp({ ...given, endpoints }, { env: {} });
  const request = new Request('http://localhost/api/status');
  expect((await unknown.fetch(request)).status).toBe(403);
  const lying = { incoming: { socket: { remoteAddress: '10.0.0.127' } } };
  expect((await unknown.fetch(request, lying)).status).toBe(403);
  const local = { incoming: { socket: { remoteAddress: '::ffff:127.0.0.1' } } };
  expect((await unknown.fetch(request, local)).status).toBe(200);
});
