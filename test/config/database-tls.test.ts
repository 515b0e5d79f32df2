import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { createRedact } from '../../src/config/redact.ts';
import type { ResolvedConfig, WalhookConfig } from '../../src/config/schema.ts';
import { withTlsFiles } from '../../src/config/tls-files.ts';
import { tlsFile, tlsText } from '../support/tls-server.ts';

const plainUrl = 'postgres://u:p@db.example/shop';

function parse(
  query: string,
  env: Record<string, string> = {},
  tls?: NonNullable<WalhookConfig['database']>['tls'],
): ResolvedConfig {
  const database = { url: `${plainUrl}${query}`, ...(tls === undefined ? {} : { tls }) };
  return parseConfig({ database, endpoints: [{ name: 'out', type: 'stdout' }] }, env).config;
}

function problems(...args: Parameters<typeof parse>): string[] {
  try {
    parse(...args);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems.map(({ path, got, wants }) => `${path}: ${got}, ${wants}`);
    }
    throw error;
  }
}

const files = '&sslrootcert=/a/ca.pem&sslcert=/a/cert.pem&sslkey=/a/key.pem&sslpassword=hushhush';

describe('what is said of TLS', () => {
  it.each([
    ['nothing', '', {}, undefined],
    ['in the URL', '?sslmode=require', {}, { mode: 'require' }],
    [
      'in the URL, with files',
      `?sslmode=verify-full${files}`,
      {},
      {
        mode: 'verify-full',
        ca: '/a/ca.pem',
        cert: '/a/cert.pem',
        key: '/a/key.pem',
        keyPassword: 'hushhush',
      },
    ],
    [
      'by direct negotiation',
      '?sslmode=require&sslnegotiation=direct',
      {},
      { mode: 'require', negotiation: 'direct' },
    ],
    ['as JDBC does', '?ssl=true', {}, { mode: 'require' }],
    ['as JDBC does not', '?ssl=0', {}, { mode: 'disable' }],
    [
      "in libpq's variables",
      '',
      { PGSSLMODE: 'require', PGSSLROOTCERT: '/b' },
      { mode: 'require', ca: '/b' },
    ],
    ['by a CA of its own', '', { DATABASE_CA: 'system' }, { ca: 'system' }],
    ['in both: the URL first', '?sslmode=require', { PGSSLMODE: 'disable' }, { mode: 'require' }],
    [
      'in both: walhook first',
      '?sslmode=disable',
      { WALHOOK_DATABASE_TLS_MODE: 'require' },
      { mode: 'require' },
    ],
  ])('%s', (_where, query, env, tls) => {
    expect(parse(query, env).database.tls).toEqual(tls);
  });

  it('the file comes before the URL, option by option', () => {
    const tls = { mode: 'verify-full', serverName: 'db.internal' } as const;
    expect(parse('?sslmode=disable&sslrootcert=/a', {}, tls).database.tls).toEqual({
      ...tls,
      ca: '/a',
    });
  });

  it('the URL of the state tables has its own', () => {
    const { config } = parseConfig(
      {
        database: { url: `${plainUrl}?sslmode=disable` },
        state: { url: `${plainUrl}?sslmode=require` },
        endpoints: [{ name: 'out', type: 'stdout' }],
      },
      {},
    );
    expect([config.database.tls, config.state.tls]).toEqual([
      { mode: 'disable' },
      { mode: 'require' },
    ]);
  });
});

describe('a fault', () => {
  it.each([
    ['?sslmode=on', {}, 'database.tls.mode: "on", disable, allow'],
    ['?sslcrl=/a', {}, 'database.url: "postgres://u:***@db.example/shop?sslcrl=/a"'],
    ['?sslmode=verify-ca', {}, 'database.tls.ca: nothing, an authority of your own'],
    ['?sslmode=require&sslrootcert=system', {}, 'database.tls.mode: "require", verify-full'],
    ['?sslcert=/a', {}, 'database.tls.key: nothing, a private key'],
    ['?sslkey=/a', {}, 'database.tls.cert: nothing, certificates'],
    ['?sslnegotiation=direct', {}, 'database.tls.mode: nothing, require or stricter'],
    ['', { PGSSLMODE: 'verify_full' }, 'database.tls.mode: "verify_full", disable, allow'],
  ])('in %s %o is told', (query, env, told) => {
    expect(problems(query, env)).toEqual([expect.stringContaining(told)]);
  });

  it('names the parameter or the variable that it comes from', () => {
    expect(() => parse('?sslmode=on')).toThrow('sslmode (database.tls.mode): got "on"');
    expect(() => parse('', { PGSSLMODE: 'on' })).toThrow('PGSSLMODE (database.tls.mode): got "on"');
  });
});

describe('certificates and keys', () => {
  it('are read from their files', async () => {
    const query = `?sslmode=verify-full&sslrootcert=${tlsFile('ca.pem')}`;
    const parsed = { config: parse(query), warnings: [] };
    expect((await withTlsFiles(parsed)).config.database.tls?.ca).toBe(tlsText('ca.pem'));
  });

  it('may be given as text, also where a variable cannot hold a line break', async () => {
    const text = tlsText('ca.pem');
    const parsed = {
      config: parse('', { DATABASE_CA: text.replaceAll('\n', '\\n') }),
      warnings: [],
    };
    expect((await withTlsFiles(parsed)).config.database.tls?.ca).toBe(text);
  });

  it('that cannot be read are told all at once', async () => {
    const query = `?sslrootcert=/no/ca.pem&sslcert=${tlsFile('make.sh')}&sslkey=/no/key.pem`;
    const parsed = { config: parse(query), warnings: [] };
    await expect(withTlsFiles(parsed)).rejects.toMatchObject({
      code: 'config_invalid',
      problems: [
        { path: 'database.tls.ca', got: expect.stringContaining('/no/ca.pem: ENOENT') },
        { path: 'database.tls.cert', got: expect.stringContaining('a file of something else') },
        { path: 'database.tls.key' },
      ],
    });
  });

  it('are secret where they are keys', () => {
    const key = tlsText('client.key');
    const config = parse('', {}, { cert: tlsText('client.pem'), key, keyPassword: 'hushhush' });
    const redact = createRedact(config);
    expect(redact(`${key} hushhush`)).toBe('*** ***');
    expect(redact(JSON.stringify({ key }))).toBe('{"key":"***"}');
  });
});
