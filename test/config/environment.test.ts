import { describe, expect, it } from 'vitest';
import { pathVariables } from '../../src/config/environment-variables.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { problemsOf } from './problems-of.ts';
import { secret, signingSecret as signingSecretOf } from '../support/secrets.ts';

const DATABASE_URL = 'postgres://u:p@db.example/shop';
const signingSecret = signingSecretOf('environment');

const fromEnvironment = (env: Record<string, string>) =>
  parseConfig(null, { DATABASE_URL, ...env }).config;

const refusals = (env: Record<string, string>) =>
  problemsOf(() => parseConfig(null, { DATABASE_URL, ...env }));

describe('a deployment of one endpoint without a file', () => {
  it('prints to stdout where nothing but the database is named', () => {
    expect(fromEnvironment({})).toMatchObject({
      database: { url: DATABASE_URL },
      slot: 'walhook',
      publication: 'walhook',
      endpoints: [{ name: 'stdout', type: 'stdout', format: 'walhook' }],
    });
  });

  it('sends to the URL with all that the HTTP variables say', () => {
    const config = fromEnvironment({
      SLOT_NAME: 'shop',
      PUB_NAME: 'shop_pub',
      HTTP_ENDPOINT_URL: 'https://example.com/hooks',
      HTTP_SINK_METHOD: 'PUT',
      HTTP_SINK_TIMEOUT: '2.5',
      HTTP_SINK_RETRIES: '0',
      HTTP_SINK_AUTH_HEADER: 'Token abc',
      HTTP_SINK_EVENT_FORMAT: 'walhook',
      WALHOOK_SIGNING_SECRET: signingSecret,
    });
    expect(config).toMatchObject({
      slot: 'shop',
      publication: 'shop_pub',
      endpoints: [
        {
          name: 'http',
          type: 'http',
          url: 'https://example.com/hooks',
          method: 'PUT',
          timeoutMs: 2_500,
          retry: { attempts: 1, minDelayMs: 250 },
          auth: { type: 'header', name: 'Authorization', value: 'Token abc' },
          signing: { secrets: [signingSecret] },
        },
      ],
    });
  });

  it.each([
    [{ HTTP_SINK_URL: 'https://h' }, 'http'],
    [{ HTTP_SINK_URL: 'https://h', HTTP_SINK_ENABLED: 'false' }, 'stdout'],
    [{ HTTP_SINK_URL: 'https://h', HTTP_SINK_ENABLED: 'true' }, 'http'],
    [{ HTTP_SINK_URL: 'https://h', EVENT_SINK: 'stdout' }, 'stdout'],
    [{ HTTP_SINK_URL: 'https://h', EVENT_SINK: 'http' }, 'http'],
    [{ WALHOOK_ENDPOINTS_0_URL: 'https://h' }, 'http'],
    [{ EVENT_SINK: '', HTTP_ENDPOINT_URL: '' }, 'stdout'],
    [{ HOOK0_API_URL: 'https://hook0', HTTP_SINK_URL: 'https://h' }, 'http'],
  ])('chooses the sink by %j: %s', (env, type) => {
    expect(fromEnvironment(env).endpoints.map((endpoint) => endpoint.type)).toEqual([type]);
  });

  const hook0 = {
    HOOK0_API_URL: 'https://api.hook0.com',
    HOOK0_APPLICATION_ID: '550e8400-e29b-41d4-a716-446655440000',
    HOOK0_API_TOKEN: secret('hook0'),
  };

  it.each([
    hook0,
    { ...hook0, HTTP_ENDPOINT_URL: 'https://h' },
    { ...hook0, EVENT_SINK: 'hook0', HTTP_SINK_URL: 'https://h' },
  ])('ingests into Hook0 where it is fully configured: %j', (env) => {
    expect(fromEnvironment(env).endpoints).toMatchObject([
      {
        name: 'hook0',
        type: 'hook0',
        apiUrl: hook0.HOOK0_API_URL,
        applicationId: hook0.HOOK0_APPLICATION_ID,
        apiToken: hook0.HOOK0_API_TOKEN,
        eventType: '{service}.{table}.{operation}',
        registerEventTypes: true,
      },
    ]);
  });

  it('names each variable of Hook0 that is missing', async () => {
    const missing = await refusals({ EVENT_SINK: 'hook0', HOOK0_API_URL: 'https://h' });
    expect(missing.map(({ variable, got }) => [variable, got])).toEqual([
      ['HOOK0_APPLICATION_ID', 'nothing'],
      ['HOOK0_API_TOKEN', 'nothing'],
    ]);
  });

  it('says so where the settings of Hook0 are left unused', () => {
    const env = { DATABASE_URL, HOOK0_API_URL: 'https://h', HOOK0_API_TOKEN: 'token' };
    const { config, warnings } = parseConfig(null, env);
    expect(config.endpoints[0]?.type).toBe('stdout');
    expect(warnings).toEqual([
      'HOOK0_API_URL and HOOK0_API_TOKEN are not used: Hook0 needs HOOK0_APPLICATION_ID too.',
    ]);
  });

  it('shows nothing of a token that is wrong', async () => {
    const [problem] = await refusals({ ...hook0, HOOK0_API_TOKEN: `two ${secret('words')}` });
    expect(problem).toMatchObject({ variable: 'HOOK0_API_TOKEN', got: '*** (24 characters)' });
  });

  it.each([
    [{ EVENT_SINK: 'htp' }, 'EVENT_SINK'],
    [{ EVENT_SINK: 'http' }, 'HTTP_ENDPOINT_URL'],
    [{ HTTP_SINK_ENABLED: 'true' }, 'HTTP_ENDPOINT_URL'],
    [{ HTTP_SINK_ENABLED: 'perhaps' }, 'HTTP_SINK_ENABLED'],
    [
      { HTTP_SINK_ENABLED: 'false', EVENT_SINK: 'http', HTTP_SINK_URL: 'https://h' },
      'HTTP_SINK_ENABLED',
    ],
    [{ HTTP_SINK_URL: 'https://a', HTTP_ENDPOINT_URL: 'https://b' }, 'HTTP_SINK_URL'],
    [{ DATABASE_URL: '' }, 'DATABASE_URL'],
    [{ SLOT_NAME: 'No' }, 'SLOT_NAME'],
  ])('refuses %j by the name of one variable, %s', async (env, variable) => {
    expect((await refusals(env)).map((problem) => problem.variable)).toEqual([variable]);
  });

  it('speaks of retries and seconds to who gave retries and seconds', async () => {
    const problems = await refusals({
      HTTP_ENDPOINT_URL: 'https://h',
      HTTP_SINK_TIMEOUT: '1h',
      HTTP_SINK_RETRIES: '-1',
    });
    expect(problems).toEqual([
      expect.objectContaining({
        variable: 'HTTP_SINK_TIMEOUT',
        got: '"1h"',
        wants: 'a number of seconds from 0.001 to 900',
      }),
      expect.objectContaining({
        variable: 'HTTP_SINK_RETRIES',
        got: '"-1"',
        wants: 'a whole number of retries from 0 to 99',
      }),
    ]);
  });
});

describe('WALHOOK_<PATH>', () => {
  it('reaches every option, by a name of its own', () => {
    const names = pathVariables.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('WALHOOK_DRAIN_DEADLINE_MS');
    expect(names).toContain('WALHOOK_ENDPOINTS_<n>_BATCH_MAX_EVENTS');
  });

  it('sets texts, numbers, lists and maps, and adds endpoints', () => {
    const { config } = parseConfig(null, {
      DATABASE_URL,
      WALHOOK_DATABASE_URL: 'postgres://direct/shop',
      WALHOOK_STATE_SCHEMA: 'state',
      WALHOOK_DRAIN_DEADLINE_MS: '25000',
      WALHOOK_KEYS: '{"public.orders":["id"]}',
      WALHOOK_ENDPOINTS_0_URL: 'https://h',
      WALHOOK_ENDPOINTS_0_NAME: 'orders',
      WALHOOK_ENDPOINTS_0_HEADERS: '{"x-tenant":"shop"}',
      WALHOOK_ENDPOINTS_0_SIGNING_SECRETS: `${signingSecret}, ${signingSecret}`,
      WALHOOK_ENDPOINTS_0_AUTH_TYPE: 'bearer',
      WALHOOK_ENDPOINTS_0_AUTH_TOKEN: 'token',
      WALHOOK_ENDPOINTS_1_NAME: 'print',
      WALHOOK_ENDPOINTS_1_TYPE: 'stdout',
    });
    expect(config).toMatchObject({
      database: { url: 'postgres://direct/shop' },
      state: { schema: 'state' },
      drain: { deadlineMs: 25_000 },
      keys: { 'public.orders': ['id'] },
      endpoints: [
        {
          name: 'orders',
          headers: { 'x-tenant': 'shop' },
          signing: { secrets: [signingSecret, signingSecret] },
          auth: { type: 'bearer', token: 'token' },
        },
        { name: 'print', type: 'stdout' },
      ],
    });
  });

  it('comes before the file, and a flag before both', () => {
    const file = { database: { url: DATABASE_URL }, drain: { deadlineMs: 1, maxWindowChanges: 1 } };
    const env = {
      WALHOOK_DRAIN_DEADLINE_MS: '2',
      WALHOOK_DRAIN_MAX_WINDOW_CHANGES: '2',
      SLOT_NAME: 'short',
    };
    const overrides = { deadlineMs: 3, maxChanges: 4, endpointUrl: 'https://flag' };
    const { config } = parseConfig({ ...file, slot: 'file' }, env, overrides);
    expect(config.slot).toBe('short');
    expect(config.drain).toMatchObject({ deadlineMs: 3, maxWindowChanges: 2, maxChanges: 4 });
    expect(config.endpoints).toMatchObject([{ type: 'http', url: 'https://flag' }]);
  });

  it.each([
    ['WALHOOK_DRAN_DEADLINE_MS', 'WALHOOK_DRAIN_DEADLINE_MS'],
    ['WALHOOK_SIGNING_SECRETS', 'WALHOOK_SIGNING_SECRET'],
    ['WALHOOK_ENDPOINTS_2_TIMEOUT', 'WALHOOK_ENDPOINTS_2_TIMEOUT_MS'],
    ['WALHOOK_STATE', 'WALHOOK_STATE_SCHEMA'],
  ])('refuses %s and suggests %s', async (variable, meant) => {
    expect(await refusals({ [variable]: 'x' })).toEqual([
      {
        path: '',
        variable,
        got: 'an unknown variable',
        wants: `one that exists: did you mean ${meant}?`,
      },
    ]);
  });

  it('refuses an endpoint behind a gap', async () => {
    const problems = await refusals({ WALHOOK_ENDPOINTS_2_NAME: 'x' });
    expect(problems.map(({ variable }) => variable)).toEqual(['WALHOOK_ENDPOINTS_2_NAME']);
  });

  it("leaves the commands' own variables and those of Kubernetes alone", () => {
    const env = {
      WALHOOK_LOG_LEVEL: 'debug',
      WALHOOK_SERVICE_HOST: '10.0.0.1',
      WALHOOK_SERVICE_PORT: '80',
      WALHOOK_PORT_80_TCP_ADDR: '10.0.0.1',
      WALHOOK_PORT: 'tcp://10.0.0.1:80',
      WALHOOK_HTTP_PORT: 'tcp://10.0.0.1:80',
    };
    expect(fromEnvironment(env)).toMatchObject({ endpoints: [{}], http: { port: 8_080 } });
  });
});

describe('a file beside the environment', () => {
  const file = {
    database: { url: 'postgres://file/shop' },
    endpoints: [{ name: 'a', type: 'stdout' }],
  };

  it('keeps its database against DATABASE_URL, which other programs read too', () => {
    expect(parseConfig(file, { DATABASE_URL }).config.database.url).toBe('postgres://file/shop');
  });

  it('keeps its endpoints, and says which variables it leaves unused', () => {
    const { config, warnings } = parseConfig(file, {
      HTTP_ENDPOINT_URL: 'https://h',
      WALHOOK_SIGNING_SECRET: signingSecret,
    });
    expect(config.endpoints).toMatchObject([{ name: 'a' }]);
    expect(warnings).toEqual([
      expect.stringContaining('HTTP_ENDPOINT_URL is not used'),
      expect.stringContaining('WALHOOK_SIGNING_SECRET is not used'),
    ]);
  });

  it('does not call a variable unused that it refers to', () => {
    const url = '${HTTP_ENDPOINT_URL}';
    const given = { ...file, endpoints: [{ name: 'a', type: 'http', url }] };
    const { config, warnings } = parseConfig(given, { HTTP_ENDPOINT_URL: 'https://h' });
    expect(config.endpoints).toMatchObject([{ url: 'https://h' }]);
    expect(warnings).toEqual([]);
  });

  it('gives its endpoints up for the URL of a flag, and says so', () => {
    const { config, warnings } = parseConfig(file, {}, { endpointUrl: 'https://flag' });
    expect(config.endpoints).toMatchObject([{ name: 'http', url: 'https://flag' }]);
    expect(warnings).toHaveLength(1);
  });
});
