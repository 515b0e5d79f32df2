import { expect, test } from 'vitest';
import { isExcluded } from '../../src/config/environment-proxy.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { createRedact } from '../../src/config/redact.ts';
import { parseWorkerConfig } from '../../src/config/worker-config.ts';
import { secret } from '../support/secrets.ts';

const database = { url: 'postgres://u@localhost/d' };
const hook0 = {
  type: 'hook0',
  name: 'h',
  apiUrl: 'https://hook0.example.com',
  applicationId: '00000000-0000-4000-8000-000000000000',
  apiToken: 'token',
};

/** The proxies of an endpoint over https, one over http, a Hook0 and an alert. */
function proxies(env: Record<string, string>, options: { proxy?: string } = {}) {
  const { config } = parseConfig(
    {
      database,
      endpoints: [
        { type: 'http', name: 'a', url: 'https://a.example.com/x', ...options },
        { type: 'http', name: 'b', url: 'http://b.example.com/x', ...options },
        { ...hook0, ...options },
      ],
      alerts: [{ type: 'webhook', url: 'https://alerts.example.com/x', ...options }],
    },
    env,
  );
  return [...config.endpoints, ...config.alerts].map((entry) =>
    'proxy' in entry ? entry.proxy : undefined,
  );
}

test('each URL has the proxy of its scheme, an alert too', () => {
  const env = { HTTPS_PROXY: 'http://s:1', http_proxy: 'p:2' };
  expect(proxies(env)).toEqual(['http://s:1', 'http://p:2', 'http://s:1', 'http://s:1']);
  expect(proxies({})).toEqual([undefined, undefined, undefined, undefined]);
  expect(proxies({ https_proxy: 'http://small:1', HTTPS_PROXY: 'http://s:1' })[0]).toBe(
    'http://small:1',
  );
});

test('a proxy of its own, or none, comes before those of the environment', () => {
  const env = { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://p:2' };
  expect(proxies(env, { proxy: 'https://own:3' })).toEqual(Array(4).fill('https://own:3'));
  expect(proxies(env, { proxy: 'none' })).toEqual(Array(4).fill('none'));
});

test('NO_PROXY names what is spoken to directly', () => {
  const env = {
    HTTPS_PROXY: 'http://s:1',
    HTTP_PROXY: 'http://p:2',
    NO_PROXY: 'b.example.com, hook0.example.com:443',
  };
  expect(proxies(env)).toEqual(['http://s:1', undefined, undefined, 'http://s:1']);
});

test.each([
  ['*', 'http://a.b/', true],
  ['a.b', 'http://a.b/', true],
  ['A.B.', 'http://a.b/', true],
  ['b', 'http://a.b/', true],
  ['.b', 'http://a.b/', true],
  ['*.b', 'http://a.b/', true],
  ['x,\ta.b', 'http://a.b/', true],
  ['x a.b', 'http://a.b/', true],
  ['a.b:80', 'http://a.b/', true],
  ['a.b:443', 'https://a.b/', true],
  ['a.b:8080', 'http://a.b:8080/', true],
  ['10.0.0.0/8', 'http://10.1.2.3/', true],
  ['10.1.2.3', 'http://10.1.2.3/', true],
  ['fd00::1', 'http://[fd00::1]/', true],
  ['[fd00::1]:80', 'http://[fd00::1]/', true],
  ['', 'http://a.b/', false],
  ['.', 'http://a.b/', false],
  ['a', 'http://a.b/', false],
  ['a.b', 'http://xa.b/', false],
  ['a.b:81', 'http://a.b/', false],
  ['10.0.0.0/8', 'http://11.1.2.3/', false],
  ['10.0.0.0/33', 'http://10.1.2.3/', false],
])('NO_PROXY=%j and %s: %s', (excluded, url, expected) => {
  expect(isExcluded(new URL(url), excluded)).toBe(expected);
});

test.each(['http://localhost:1/', 'http://127.0.0.2/', 'https://[::1]/', 'http://a.localhost/'])(
  '%s is never spoken to through a proxy',
  (url) => {
    const endpoint = { type: 'http', name: 'a', url };
    const env = { HTTP_PROXY: 'http://p:2', HTTPS_PROXY: 'http://p:2' };
    const [unset] = parseConfig({ database, endpoints: [endpoint] }, env).config.endpoints;
    expect(unset).not.toHaveProperty('proxy');
    const { config, warnings } = parseConfig(
      { database, endpoints: [{ ...endpoint, proxy: 'http://p:2' }] },
      {},
    );
    expect(config.endpoints[0]).toMatchObject({ proxy: 'none' });
    expect(warnings).toContain('endpoints[0].proxy is not used: its URL is on this machine.');
  },
);

test.each(['socks5://p:1', 'http://p:1/path', 'p:1', ''])('%j is no proxy', (proxy) => {
  expect(() => proxies({}, { proxy })).toThrow(/endpoints\[0\]\.proxy/);
});

test('a variable that holds no proxy is named', () => {
  expect(() => proxies({ HTTPS_PROXY: 'socks5://p:1' })).toThrow(/HTTPS_PROXY/);
});

test('the credentials of a proxy are masked, also as they are sent', () => {
  const password = secret('proxy');
  const { config } = parseConfig(
    { database, endpoints: [{ type: 'http', name: 'a', url: 'https://a.example.com' }] },
    { HTTPS_PROXY: `http://user:${password}@p:1` },
  );
  const sent = Buffer.from(`user:${password}`).toString('base64');
  const told = createRedact(config)(`${password} ${sent}`);
  expect(told).toBe('*** ***');
});

test('a worker has no proxy, and says so', () => {
  const endpoints = [{ type: 'http', name: 'a', url: 'https://a.example.com' }];
  const bindings = { DATABASE_URL: database.url, HTTPS_PROXY: 'http://p:1' };
  expect(() => parseWorkerConfig({ endpoints }, bindings)).toThrow(
    /fetch of a worker goes through no proxy/,
  );
});
