import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import { WalhookError } from '../../src/errors/walhook-error.ts';
import { connect, disconnect, query } from '../../src/postgres/connection.ts';
import { connectionSecurity } from '../../src/postgres/connection-security.ts';
import { connectionAttempts, type TlsMode, type TlsOptions } from '../../src/postgres/tls-modes.ts';
import { serverMajorVersion } from '../support/database.ts';
import { startTlsServer, tlsText } from '../support/tls-server.ts';
import { secret } from '../support/secrets.ts';

const ca = tlsText('ca.pem');
const cert = tlsText('client.pem');
const key = tlsText('client.key');

let valid: EmbeddedServer;
let expired: EmbeddedServer;

beforeAll(async () => {
  valid = await startTlsServer('server');
  expired = await startTlsServer('expired');
});

/**
 * What became of an attempt to connect: without TLS, or with it and with what was checked of the
 * certificate, as both ends have it; or the code of the error.
 */
async function outcome(url: string, tls: TlsOptions): Promise<string> {
  try {
    const connection = await connect({
      url,
      tls,
      connectTimeoutMs: 10_000,
      applicationName: 'tls test',
    });
    try {
      const [row] = await query<{ ssl: boolean; version: string }>(
        connection,
        'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()',
      );
      const { tls: used } = connectionSecurity(connection);
      expect(row?.ssl).toBe(used !== null);
      expect(row?.version ?? null).toBe(used?.protocol ?? null);
      expect(used === null || used.cipher !== null).toBe(true);
      return used === null ? 'plain' : used.verified;
    } finally {
      await disconnect(connection);
    }
  } catch (error) {
    if (error instanceof WalhookError) return error.code;
    throw error;
  }
}

type Situation = { readonly url: () => string; readonly tls: TlsOptions };

const named = (url: string): string => url.replace('127.0.0.1', 'localhost');

const situations = {
  'the right CA': { url: () => named(valid.url()), tls: { ca } },
  'no CA': { url: () => named(valid.url()), tls: {} },
  'the wrong CA': { url: () => named(valid.url()), tls: { ca: tlsText('other-ca.pem') } },
  'another name': { url: () => valid.url(), tls: { ca } },
  'an expired certificate': { url: () => named(expired.url()), tls: { ca } },
  'a server without TLS': { url: () => named(inject('serverUrl')), tls: { ca } },
  'TLS only': { url: () => named(valid.url('tls_only')), tls: { ca } },
  'plain only': { url: () => named(valid.url('plain_only')), tls: { ca } },
  'a client certificate missing': { url: () => named(valid.url('client_cert')), tls: { ca } },
  'a client certificate shown': {
    url: () => named(valid.url('client_cert')),
    tls: { ca, cert, key },
  },
} satisfies Record<string, Situation>;

const auth = 'database_auth_failed';
const failed = 'database_tls_failed';

/** In the order of the situations. */
const outcomes: Record<TlsMode, readonly string[]> = {
  disable: ['plain', 'plain', 'plain', 'plain', 'plain', 'plain', auth, 'plain', auth, auth],
  allow: ['plain', 'plain', 'plain', 'plain', 'plain', 'plain', 'ca', 'plain', auth, 'ca'],
  prefer: ['ca', 'none', 'plain', 'ca', 'plain', 'plain', 'ca', 'plain', auth, 'ca'],
  require: ['ca', 'none', failed, 'ca', failed, failed, 'ca', auth, auth, 'ca'],
  'no-verify': ['none', 'none', 'none', 'none', 'none', failed, 'none', auth, auth, 'none'],
  'verify-ca': ['ca', failed, failed, 'ca', failed, failed, 'ca', auth, auth, 'ca'],
  'verify-full': ['full', failed, failed, failed, failed, failed, 'full', auth, auth, 'full'],
};

describe.each(Object.entries(outcomes))('sslmode %s', (mode, expected) => {
  it.each(
    Object.entries<Situation>(situations).map(
      ([name, situation], index) => [name, expected[index], situation] as const,
    ),
  )('with %s: %s', async (_name, wanted, { url, tls }) => {
    expect(await outcome(url(), { ...tls, mode: mode as TlsMode })).toBe(wanted);
  });
});

describe('without a mode', () => {
  it('a CA means that all of the certificate is checked', async () => {
    expect(await outcome(named(valid.url()), { ca })).toBe('full');
    expect(await outcome(valid.url(), { ca })).toBe('database_tls_failed');
  });

  it('loopback has TLS where the server insists on it, and an address elsewhere wherever it can', async () => {
    expect(await outcome(valid.url(), {})).toBe('plain');
    expect(await outcome(valid.url('tls_only'), {})).toBe('none');
    const [first, second] = connectionAttempts({}, 'db.example.com');
    expect([first?.verifies, second]).toEqual(['none', null]);
  });

  it('a Unix socket has none, whatever the mode', () => {
    expect(connectionAttempts({ mode: 'verify-full', ca }, '/var/run/postgresql')).toEqual([null]);
  });
});

it('what the URL says of TLS is left to the options', async () => {
  const url = `${named(valid.url())}?sslmode=verify-full&sslrootcert=/no/such/file&application_name=x`;
  expect(await outcome(url, { mode: 'disable' })).toBe('plain');
});

it('a certificate may have another name, where that is the one it is to have', async () => {
  const tls = { mode: 'verify-full', ca, serverName: 'localhost' } as const;
  expect(await outcome(valid.url(), tls)).toBe('full');
  const wrong = { ...tls, serverName: 'db.example.com' };
  expect(await outcome(named(valid.url()), wrong)).toBe('database_tls_failed');
});

it('a key may be encrypted, and its password is in no error', async () => {
  const url = named(valid.url('client_cert'));
  const encrypted = tlsText('client-encrypted.key');
  const tls = { mode: 'verify-full', ca, cert, key: encrypted } as const;
  expect(await outcome(url, { ...tls, keyPassword: 'key-secret' })).toBe('full');
  const error = await connect({
    url,
    tls: { ...tls, keyPassword: secret('wrong') },
    connectTimeoutMs: 10_000,
    applicationName: 'tls test',
  }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'database_tls_failed' });
  expect(String(error)).not.toContain(secret('wrong'));
});

it('a certificate of a client that the server does not know is refused', async () => {
  const tls = {
    mode: 'verify-full',
    ca,
    cert: tlsText('other-ca.pem'),
    key,
  } as const;
  expect(await outcome(named(valid.url('client_cert')), tls)).toBe('database_tls_failed');
});

it.skipIf(serverMajorVersion < 17)('TLS can begin with the first byte', async () => {
  const tls = { mode: 'verify-full', ca, negotiation: 'direct' } as const;
  expect(await outcome(named(valid.url()), tls)).toBe('full');
});
