import { describe, expect, it } from 'vitest';
import { defineConfig, env } from '../../src/config/define.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { problemsOf } from './problems-of.ts';
import { secret as secretOf } from '../support/secrets.ts';

const database = { url: 'postgres://u:p@db.example/shop' };
const endpoints = [{ name: 'print', type: 'stdout' as const }];

const warningsAt = (url: string) =>
  parseConfig({ database, endpoints: [{ name: 'a', type: 'http', url }] }, {}).warnings;

const parseMine = (): unknown => parseConfig({ slot: 'A', endpoints: [] }, {}, {}, 'my.yaml');

describe('parseConfig', () => {
  it('names everything that is wrong at once, by place and by variable', async () => {
    const problems = await problemsOf(() =>
      parseConfig(
        {
          database: { url: 'postgres://u:p@h' },
          slott: 'x',
          drain: { deadlineMs: '25s', leaseMs: 1_000, checkpointMs: 2_000 },
          endpoints: [
            { name: 'a', type: 'http', url: '${MISSING}', retry: { atempts: 3 } },
            { name: 'a', type: 'stdout', values: { int8: 'bigint' } },
            { name: 'b', type: 'smtp' },
          ],
        },
        { SLOT_NAME: 'Bad' },
      ),
    );
    expect(problems.map(({ path, variable }) => [path, variable])).toEqual([
      ['endpoints[0].url', 'MISSING'],
      ['database.url', undefined],
      ['slot', 'SLOT_NAME'],
      ['drain.deadlineMs', undefined],
      ['drain.checkpointMs', undefined],
      ['endpoints[0].retry.atempts', undefined],
      ['endpoints[1].values.int8', undefined],
      ['endpoints[2].type', undefined],
      ['endpoints[1].name', undefined],
      ['slott', undefined],
    ]);
    expect(problems.find(({ path }) => path === 'slott')).toMatchObject({
      got: 'an unknown option',
      wants: 'one that exists: did you mean slot?',
    });
    expect(problems.find(({ path }) => path.endsWith('atempts'))?.wants).toContain('attempts');
    expect(problems.find(({ path }) => path === 'endpoints[2].type')).toMatchObject({
      got: '"smtp"',
      wants: 'http, hook0 or stdout',
    });
  });

  it('is a WalhookError under the code config_invalid that lists its problems', () => {
    expect(parseMine).toThrow(ConfigError);
    expect(parseMine).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: [
          'The configuration (my.yaml) has 3 problems:',
          '  DATABASE_URL (database.url): got nothing, wants a URL like postgres://user:password@host:5432/database',
          '  slot: got "A", wants 1 to 63 of a-z, 0-9 and _',
          '  endpoints: got a list of 0, wants a list of one endpoint or more',
        ].join('\n'),
      }),
    );
  });

  it('shows no secret, wherever it was put', () => {
    const secret = secretOf('option');
    const wrong = {
      database: { url: `postgres://u:${secret}@h:port/db`, connectTimeoutMs: secret },
      state: { url: secret },
      endpoints: [
        {
          name: secret,
          type: 'http',
          url: `https://u:${secret}@h/?token=${secret}`,
          headers: { 'X-Api-Key': `${secret}\n` },
          auth: { type: 'bearer', token: `${secret} ` },
          signing: { secrets: [secret] },
        },
        `https://u:${secret}@h`,
        { name: 'x', type: 'http', url: 'https://h', auth: { type: 'header', value: secret } },
        { name: 'y', type: 'http', url: 'https://h', auth: secret, headers: secret },
      ],
    };
    expect(() => parseConfig(wrong, {})).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    );
    const variables = {
      WALHOOK_KEYS: 'x',
      HTTP_SINK_AUTH_HEADER: `${secret}\n`,
      EVENT_SINK: 'http',
    };
    expect(() => parseConfig(null, { ...variables, DATABASE_URL: secret })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    );
  });

  it('fills variables in wherever a string names them, as what the option holds', () => {
    const { config } = parseConfig(
      {
        database: { url: 'postgres://${USER}:${PASSWORD}@h/db' },
        drain: { deadlineMs: '${DEADLINE}' },
        keys: { 'public.t': ['$${x}'] },
        endpoints: [
          {
            name: 'a',
            type: 'http',
            url: 'https://h/${PATH_}',
            signing: { secrets: '${SECRETS}' },
          },
        ],
      },
      {
        USER: 'u',
        PASSWORD: '$%7BUSER%7D',
        DEADLINE: '2500',
        PATH_: '${USER}',
        SECRETS: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      },
    );
    expect(config.database.url).toBe('postgres://u:$%7BUSER%7D@h/db');
    expect(config.drain.deadlineMs).toBe(2500);
    expect(config.keys).toEqual({ 'public.t': ['${x}'] });
    expect(config.endpoints[0]).toMatchObject({
      url: 'https://h/${USER}',
      signing: { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] },
    });
  });

  it("resolves env() from the bindings it is given, not from the process's own", () => {
    const input = defineConfig({ database: { url: env('DB') }, endpoints });
    expect(parseConfig(input, { DB: database.url, KV: {} }).config.database.url).toBe(database.url);
    expect(input.database.url).toBe('${DB}');
  });

  it('names every variable that is missing or empty', async () => {
    const input = { database: { url: env('DB') }, slot: env('SLOT'), endpoints };
    const problems = await problemsOf(() => parseConfig(input, { SLOT: '' }));
    expect(problems.map(({ variable, got }) => [variable, got])).toEqual([
      ['DB', 'nothing'],
      ['SLOT', 'nothing'],
    ]);
  });

  it('warns of events that would cross a network in the clear', () => {
    expect(warningsAt('http://example.com')).toEqual([expect.stringContaining('Endpoint a')]);
    for (const url of ['https://h', 'http://localhost:1', 'http://127.0.0.1', 'http://[::1]:1/']) {
      expect(warningsAt(url)).toEqual([]);
    }
  });

  it.each([[[]], ['text'], [3], [() => ({})]])('refuses %j for a configuration', async (input) => {
    expect(await problemsOf(() => parseConfig(input, {}))).toHaveLength(1);
  });
});
