import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { parseWorkerConfig } from '../../src/config/worker-config.ts';
import { passwordFinding } from '../../src/operations/doctor/password-check.ts';
import { connect } from '../../src/postgres/connection.ts';
import type { TlsOptions } from '../../src/postgres/tls-modes.ts';
import { connectToState } from '../../src/runtime/connections.ts';
import { startRogueServer } from '../support/rogue-server.ts';
import { secret } from '../support/secrets.ts';

const password = secret('database');

/** What the connection came to; the server takes no password, so that it never is one. */
const attempt = (url: string, tls: TlsOptions = {}, allowCleartextPassword?: boolean) =>
  connect({
    url: url.replace('me@', `me:${password}@`),
    tls,
    allowCleartextPassword,
    connectTimeoutMs: 10_000,
    applicationName: 'cleartext test',
  }).then(
    () => 'connected',
    (error: unknown) => error,
  );

const refused = {
  code: 'database_auth_failed',
  message: expect.stringContaining('was not sent'),
  remedy: expect.stringContaining('allowCleartextPassword'),
};

test.each<[string, TlsOptions]>([
  ['without sslmode', {}],
  ['sslmode=prefer', { mode: 'prefer' }],
  ['sslmode=disable', { mode: 'disable' }],
])('another machine without TLS that asks for the password is not given it: %s', async (_, tls) => {
  const server = await startRogueServer('cleartext');
  expect(await attempt(server.remote, tls)).toMatchObject(refused);
  await server.hungUp();
  expect(server.heard.join('')).not.toContain(password);
});

test('sslmode=allow tries TLS instead', async () => {
  const server = await startRogueServer('cleartext');
  expect(await attempt(server.remote, { mode: 'allow' })).toMatchObject({
    code: 'database_tls_failed',
  });
  await server.hungUp();
  expect(server.heard).toEqual([]);
});

test('nor is one that asked for a proof first', async () => {
  const server = await startRogueServer('cleartext after scram');
  expect(await attempt(server.remote)).toMatchObject(refused);
  await server.hungUp();
  expect(server.heard).toHaveLength(1);
  expect(server.heard[0]).toMatch(/^p.{4}SCRAM-SHA-256\0/s);
});

test('a digest is sent, which is not the password', async () => {
  const server = await startRogueServer('md5');
  await attempt(server.remote);
  expect(server.heard).toEqual([expect.stringMatching(/^p.{4}md5[\da-f]{32}\0$/s)]);
});

test('this machine is given it, and another where that is allowed', async () => {
  const server = await startRogueServer('cleartext');
  await attempt(server.local);
  await attempt(server.remote, {}, true);
  expect(server.heard).toHaveLength(2);
  for (const message of server.heard) expect(message).toContain(password);
});

const endpoints = [{ name: 'out', type: 'stdout' as const }];

test('the state database is another server: what is allowed of one is not allowed of it', async () => {
  const server = await startRogueServer('cleartext');
  const url = server.remote.replace('me@', `me:${password}@`);
  const database = { url: 'postgres://me@localhost/shop', allowCleartextPassword: true };
  const { config } = parseConfig({ database, state: { url }, endpoints }, {});
  await expect(connectToState(config, null)).rejects.toMatchObject(refused);
  await server.hungUp();
  const given = { database, state: { url, allowCleartextPassword: true }, endpoints };
  await expect(connectToState(parseConfig(given, {}).config, null)).rejects.toMatchObject({
    code: 'database_connection_lost',
  });
  expect(server.heard).toEqual([expect.stringContaining(password)]);
});

test('it is an option, also by its variable, and is warned of', () => {
  const env = {
    DATABASE_URL: 'postgres://me@db.example/shop',
    WALHOOK_DATABASE_ALLOW_CLEARTEXT_PASSWORD: 'true',
  };
  const { config, warnings } = parseConfig({ endpoints }, env);
  expect(config.database.allowCleartextPassword).toBe(true);
  expect(config.state.allowCleartextPassword).toBeUndefined();
  expect(warnings).toEqual([expect.stringContaining('database.allowCleartextPassword')]);
});

test('a worker tells Hyperdrive, which the platform carries it to, and nobody else', () => {
  const hook = { name: 'hooks', type: 'http' as const, url: 'https://hooks.example.com' };
  const connectionString = 'postgresql://me:pw@1f.hyperdrive.local:5432/shop?sslmode=disable';
  const allowed = (database: object): boolean =>
    parseWorkerConfig({ endpoints: [hook], ...database }, { HYPERDRIVE: { connectionString } })
      .config.database.allowCleartextPassword === true;
  expect(allowed({})).toBe(true);
  expect(allowed({ database: { url: 'postgres://me:pw@db.example/shop' } })).toBe(false);
});

const encrypted = (verified: 'none' | 'full') => ({ protocol: 'TLSv1.3', cipher: null, verified });

const finding = (session: Partial<Parameters<typeof passwordFinding>[0]>): string => {
  const plain = { isLocal: false, tls: null, pooled: false, serverTimeMs: 0, password: null };
  return passwordFinding({ ...plain, ...session }).status;
};

test('doctor says how the password is told, and who could learn it', () => {
  expect(finding({})).toBe('ok');
  expect(finding({ password: 'scram' })).toBe('ok');
  for (const exchange of ['md5', 'cleartext'] as const) {
    expect(finding({ password: exchange })).toBe('warning');
    expect(finding({ password: exchange, tls: encrypted('none') })).toBe('warning');
    expect(finding({ password: exchange, tls: encrypted('full') })).toBe('ok');
    expect(finding({ password: exchange, isLocal: true })).toBe('ok');
  }
});

test('what crosses a network as it is, is warned of, with the credentials that it holds', () => {
  const http = { name: 'plain', type: 'http' as const, url: 'http://hooks.example.com' };
  const store = { redis: 'redis://:redis-password@cache.example:6379' };
  const { warnings } = parseConfig(
    {
      database: { url: 'postgres://me@localhost/shop' },
      endpoints: [
        http,
        { ...http, name: 'token', auth: { type: 'bearer', token: 'a-token' } },
        { ...http, name: 'header', headers: { 'x-api-key': 'a-key' } },
        { ...http, name: 'here', url: 'http://localhost:1', auth: { type: 'bearer', token: 'x' } },
        {
          ...http,
          name: 'counted',
          url: 'https://hooks.example.com',
          rateLimit: { requests: 1, store },
        },
      ],
    },
    {},
  );
  const credentials = ', and so do its credentials';
  expect(warnings).toEqual([
    'Endpoint plain: events cross the network unencrypted, over http.',
    `Endpoint token: events cross the network unencrypted${credentials}, over http.`,
    `Endpoint header: events cross the network unencrypted${credentials}, over http.`,
    'Endpoint counted: the password of rateLimit.store crosses the network unencrypted: take rediss://.',
  ]);
});
