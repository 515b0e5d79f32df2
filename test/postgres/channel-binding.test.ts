import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { beforeAll, expect, inject, test } from 'vitest';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import { type Connection, connect, disconnect } from '../../src/postgres/connection.ts';
import { connectionSecurity } from '../../src/postgres/connection-security.ts';
import { connectionAttempts, type TlsOptions } from '../../src/postgres/tls-modes.ts';
import { startTlsServer } from '../support/tls-server.ts';

let server: EmbeddedServer;

beforeAll(async () => {
  server = await startTlsServer('server');
  const admin = new Client({ connectionString: server.url() });
  await admin.connect();
  await admin.query(`create role open login password 'open-password'`);
  await admin.end();
  const file = join(server.dataDirectory, 'pg_hba.conf');
  const rules = readFileSync(file, 'utf8');
  writeFileSync(file, `hostssl postgres open 127.0.0.1/32 password\n${rules}`);
  await server.restart('fast');
});

const connectWith = (url: string, tls: TlsOptions): Promise<Connection> =>
  connect({ url, tls, connectTimeoutMs: 10_000, applicationName: 'channel binding test' });

const refused = {
  code: 'database_auth_failed',
  message: 'channel binding is required, and the server does not offer it over this connection',
};

test('required, it makes the connection a TLS one, where loopback would have none', async () => {
  const connection = await connectWith(server.url(), { channelBinding: 'require' });
  expect(connectionSecurity(connection).tls).not.toBeNull();
  await disconnect(connection);
  const modes = ['allow', 'prefer', 'require', 'verify-full'] as const;
  for (const mode of modes) {
    const attempts = connectionAttempts({ mode, channelBinding: 'require' }, 'db.example');
    expect(attempts).toHaveLength(1);
    expect(attempts[0]).not.toBeNull();
  }
});

test('required, it is refused where the server asks for the password itself', async () => {
  const url = new URL(server.url());
  Object.assign(url, { username: 'open', password: 'open-password' });
  await expect(connectWith(url.href, { channelBinding: 'require' })).rejects.toMatchObject(refused);
  await disconnect(await connectWith(url.href, { mode: 'require', channelBinding: 'prefer' }));
});

test('required, it is refused without TLS', async () => {
  const tls = { mode: 'disable', channelBinding: 'require' } as const;
  await expect(connectWith(server.url(), tls)).rejects.toMatchObject(refused);
  await disconnect(await connectWith(server.url(), { mode: 'disable', channelBinding: 'prefer' }));
  const plain = inject('serverUrl');
  await disconnect(await connectWith(plain, { channelBinding: 'prefer' }));
});

test('the host is what the driver takes for it, not what looks like it in a name', async () => {
  const url = new URL(server.url('tls_only'));
  Object.assign(url, { username: 'me&host=%2Fno', password: 'wrong-password' });
  await expect(connectWith(url.href, { mode: 'require' })).rejects.toMatchObject({
    message: expect.stringMatching(/^password authentication failed/),
  });
});
