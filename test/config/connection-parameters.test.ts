import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/parse.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';

const endpoints = [{ name: 'out', type: 'stdout' as const }];

function parse(
  query: string,
  { env = {}, database = {}, state = {} }: Record<string, Record<string, unknown>> = {},
): ResolvedConfig {
  const url = `postgres://u@db.example/shop${query}`;
  return parseConfig({ database: { url, ...database }, state, endpoints }, env).config;
}

function problems(...args: Parameters<typeof parse>): string[] {
  try {
    parse(...args);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(
      ({ path, variable, got, wants }) => `${variable ?? ''} (${path}): ${got}; ${wants}`,
    );
  }
}

const timeoutMs = (...args: Parameters<typeof parse>): number =>
  parse(...args).database.connectTimeoutMs;

const binding = (query: string, env = {}) => parse(query, { env }).database.tls?.channelBinding;

describe('connect_timeout', () => {
  test('is seconds, and comes after the option itself', () => {
    expect(timeoutMs('')).toBe(10_000);
    expect(timeoutMs('?sslmode=require&connect_timeout=3')).toBe(3_000);
    expect(timeoutMs('?connect_timeout=3', { database: { connectTimeoutMs: 7 } })).toBe(7);
    const env = { WALHOOK_DATABASE_CONNECT_TIMEOUT_MS: '8' };
    expect(timeoutMs('?connect_timeout=3', { env })).toBe(8);
  });

  test.each(['abc', '0', '-1', '1.5', '601', ''])('of %j is refused', (text) => {
    expect(problems(`?connect_timeout=${text}`)).toEqual([
      `connect_timeout (database.connectTimeoutMs): "${text}"; a whole number of seconds from 1 to 600`,
    ]);
  });

  test('has no place in the URL of the state tables', () => {
    const state = { url: 'postgres://u@state.example/s?connect_timeout=3' };
    expect(problems('', { state })).toEqual([expect.stringContaining('holds for both')]);
  });
});

describe('channel_binding', () => {
  test('comes from the URL, or from its variable', () => {
    expect(binding('')).toBeUndefined();
    expect(binding('?sslmode=require&channel_binding=require')).toBe('require');
    expect(binding('', { PGCHANNELBINDING: 'prefer' })).toBe('prefer');
    expect(binding('?channel_binding=disable', { PGCHANNELBINDING: 'prefer' })).toBe('disable');
  });

  test('of another word, or required without TLS, is refused', () => {
    expect(problems('?channel_binding=yes')).toEqual([
      'channel_binding (database.tls.channelBinding): "yes"; disable, prefer or require',
    ]);
    expect(problems('?channel_binding=require&sslmode=disable')).toEqual([
      'sslmode (database.tls.mode): "disable"; TLS, for channelBinding is require',
    ]);
  });
});

describe('what would choose another server or trust fewer', () => {
  test.each([
    'target_session_attrs=read-write',
    'load_balance_hosts=random',
    'require_auth=scram-sha-256',
    'requirepeer=postgres',
    'gssencmode=require',
    'hostaddr=127.0.0.1',
    'service=shop',
  ])('%s is refused, for nothing would come of it', (parameter) => {
    expect(problems(`?${parameter}`)).toEqual([
      expect.stringContaining(`: ${parameter} is nothing that walhook can do`),
    ]);
  });

  test.each(['target_session_attrs=any', 'load_balance_hosts=disable', 'gssencmode=prefer'])(
    '%s asks for what is done anyway',
    (parameter) => expect(problems(`?${parameter}&application_name=x`)).toEqual([]),
  );
});
