import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { createRedact, maskUrl, redactOf, redactSecrets } from '../../src/config/redact.ts';

const secret = fc.oneof(
  fc.string({ minLength: 4, maxLength: 24, unit: 'binary' }),
  fc.string({ minLength: 4, maxLength: 24, unit: fc.constantFrom(...'*\\"/%u0022 +\n\t&é€') }),
  fc.base64String({ minLength: 4, maxLength: 40 }),
);

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

const encodings: readonly ((text: string) => string)[] = [
  (text) => text,
  inJson,
  (text) => inJson(inJson(text)),
  encodeURIComponent,
  (text) => encodeURIComponent(text).replaceAll(/%../g, (hex) => hex.toLowerCase()),
  (text) => encodeURIComponent(encodeURIComponent(text)),
  (text) => inJson(encodeURIComponent(text)),
  (text) => new URLSearchParams([['', text]]).toString().slice(1),
  (text) => inJson(text).replaceAll('/', String.raw`\/`),
];

describe('redaction', () => {
  it('compiles the pattern of a configuration once, however often it is asked for', () => {
    const config = { database: { url: 'postgres://walhook:open-sesame@db/shop' } };
    const other = { database: { url: 'postgres://walhook:shut-sesame@db/shop' } };
    expect(redactOf(config)).toBe(redactOf(config));
    expect(redactOf(config)('open-sesame, shut-sesame')).toBe('***, shut-sesame');
    expect(redactOf(other)('open-sesame, shut-sesame')).toBe('open-sesame, ***');
  });

  it('lets no secret of four characters or more survive, however it is encoded', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string()), { maxLength: 6 }),
        (secrets, pieces) => {
          const text = pieces
            .map(([which, how, between]) => {
              const encode = encodings[how % encodings.length]!;
              return encode(secrets[which % secrets.length]!) + between;
            })
            .join('');
          const redacted = redactSecrets(secrets)(text);
          const forms = secrets.flatMap((hidden) => encodings.map((encode) => encode(hidden)));
          expect(forms.filter((form) => redacted.includes(form))).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('masks the longer of two secrets that start alike, and a secret that a mask completes', () => {
    expect(redactSecrets(['hide', 'hide-more'])('a hide-more b')).toBe('a *** b');
    expect(redactSecrets(['x***', 'hide'])('a xhide b')).toBe('a *** b');
  });

  it('leaves a text without secrets as it is', () => {
    fc.assert(
      fc.property(secret, fc.string({ unit: fc.constantFrom(...'xyz') }), (hidden, text) => {
        fc.pre(!/^[xyz]+$/.test(hidden));
        expect(redactSecrets([hidden])(text)).toBe(text);
      }),
    );
  });

  it('finds the secrets of every place of a configuration that may hold one', () => {
    const signing = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const { config } = parseConfig(
      {
        database: { url: 'postgres://user:data%40base@h/db' },
        state: { url: 'postgres://user@h/db?password=in-query' },
        endpoints: [
          {
            name: 'a',
            type: 'http',
            url: 'https://h/?api_key=in-url&page=visible',
            headers: { 'X-Api-Key': 'in-header', 'X-Tenant': 'tenant' },
            auth: { type: 'bearer', token: 'bearer-token' },
            signing: { secrets: [signing] },
          },
          {
            name: 'b',
            type: 'http',
            url: 'https://h',
            auth: { type: 'basic', username: 'me', password: 'basic-päss' },
          },
          {
            name: 'c',
            type: 'http',
            url: 'https://h',
            auth: { type: 'header', name: 'Authorization', value: 'Token header-auth' },
          },
        ],
      },
      {},
    );
    const redact = createRedact(config, ['of-the-http-api']);
    const basic = Buffer.from('me:basic-päss').toString('base64');
    for (const hidden of [
      'data%40base',
      'data@base',
      'in-query',
      'in-url',
      'in-header',
      'bearer-token',
      'basic-päss',
      basic,
      'Token header-auth',
      'header-auth',
      signing,
      signing.slice('whsec_'.length),
      'of-the-http-api',
    ]) {
      expect(redact(`said: ${hidden}.`)).toBe('said: ***.');
    }
    expect(redact('tenant visible user')).toBe('tenant visible user');
  });

  it('is done in time with what was made to be slow', () => {
    const redact = redactSecrets(['\\"\\"\\"\\"\\"x', '\\\\\\\\\\\\', '%25%25%25%25']);
    const hostile = '\\'.repeat(20_000) + '%25'.repeat(20_000);
    expect(redact(hostile)).toContain('***');
  });

  it.each([
    ['postgres://u:p@h/db', 'postgres://u:***@h/db'],
    ['postgres://u:p/w@x@h/db', 'postgres://u:***@h/db'],
    ['postgres://:p@h/db', 'postgres://:***@h/db'],
    [
      'postgres://u@h/db?password=p&sslmode=require',
      'postgres://u@h/db?password=***&sslmode=require',
    ],
    ['https://token@h/x', 'https://***@h/x'],
    ['https://h/x?sig=abc&page=1', 'https://h/x?sig=***&page=1'],
    ['https://h:8080/x', 'https://h:8080/x'],
  ])('shows the URL %s as %s', (url, shown) => {
    expect(maskUrl(url)).toBe(shown);
  });
});
