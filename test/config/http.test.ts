import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { createRedact } from '../../src/config/redact.ts';
import { problemsOf } from './problems-of.ts';
import { secret } from '../support/secrets.ts';

const DATABASE_URL = 'postgres://u:p@db.example/shop';
const token = secret('api');
const cronSecret = secret('cron');

const httpOf = (env: Record<string, string>, http?: unknown) =>
  parseConfig(http === undefined ? null : { http }, { DATABASE_URL, ...env }).config.http;

const refusals = (env: Record<string, string>) =>
  problemsOf(() => parseConfig(null, { DATABASE_URL, ...env }));

describe('the HTTP app', () => {
  it('listens on the loopback interface and knows no token where nothing is said', () => {
    expect(httpOf({})).toEqual({ host: '127.0.0.1', port: 8_080, tokens: [] });
  });

  it('takes tokens from WALHOOK_TOKEN, several for a rotation, and the CRON_SECRET beside them', () => {
    const env = { WALHOOK_TOKEN: `${token}, ${token}-new`, CRON_SECRET: cronSecret };
    expect(httpOf(env).tokens).toEqual([token, `${token}-new`, cronSecret]);
    expect(httpOf({ CRON_SECRET: cronSecret }).tokens).toEqual([cronSecret]);
  });

  it('keeps the tokens of a file unless WALHOOK_TOKEN takes their place', () => {
    const file = { tokens: ['a-token-in-a-file'] };
    expect(httpOf({ CRON_SECRET: cronSecret }, file).tokens).toEqual([...file.tokens, cronSecret]);
    expect(httpOf({ WALHOOK_TOKEN: token }, file).tokens).toEqual([token]);
  });

  it("listens where a platform's PORT says, unless WALHOOK_HTTP_PORT says otherwise", () => {
    expect(httpOf({ PORT: '3000' }).port).toBe(3_000);
    const own = { PORT: '3000', WALHOOK_HTTP_PORT: '4000', WALHOOK_HTTP_HOST: '::' };
    expect(httpOf(own)).toMatchObject({ port: 4_000, host: '::' });
  });

  it('refuses tokens that can be guessed, each by its variable and none shown', async () => {
    const problems = await refusals({
      WALHOOK_TOKEN: 'hunter22',
      CRON_SECRET: 'two words',
      PORT: 'x',
    });
    expect(problems.map(({ variable }) => variable).sort()).toEqual([
      'CRON_SECRET',
      'PORT',
      'WALHOOK_TOKEN',
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/hunter22|two words/);
  });

  it('masks its tokens in every text', () => {
    const { config } = parseConfig(null, { DATABASE_URL, WALHOOK_TOKEN: token });
    expect(createRedact(config)(`?token=${token}`)).toBe('?token=***');
  });
});
