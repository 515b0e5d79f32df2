import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { problemSchema } from '../../src/http/problem.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { rawRequest, requestText, statusOf } from './raw-request.ts';
import { type ServedApp, serveApp, TOKEN } from './served-app.ts';

const AUTHORIZATION = `authorization: Bearer ${TOKEN}`;
const KiB = 1 << 10;

let app: ServedApp;

beforeAll(async () => {
  const receiver = await startReceiver();
  const endpoints = [{ name: 'hooks', type: 'http', url: receiver.url }] as const;
  const { config } = await createPipeline({ endpoints: [...endpoints] });
  app = await serveApp(config);
});

const raw = (method: string, target: string, headers: readonly string[] = [], body = '') =>
  rawRequest(app.port, requestText(method, target, [AUTHORIZATION, ...headers], body));

const drainWith = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  app.ask('/drain', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('a body', () => {
  test.each([
    ['no JSON', '{'],
    ['two values', '{} {}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"drain"'],
    ['an unknown name', '{"max_changes":1}'],
    ['a prototype', '{"__proto__":{"deadline":"1s"}}'],
    ['a constructor', '{"constructor":{"prototype":{}}}'],
    ['a number for a time', '{"deadline":25}'],
    ['a time without a unit', '{"deadline":"25"}'],
    ['a time that is over', '{"deadline":"0s"}'],
    ['a time past all bounds', '{"deadline":"25h"}'],
    ['a negative count', '{"maxChanges":-1}'],
    ['a count as text', '{"maxChanges":"1"}'],
    ['a count past all bounds', '{"maxChanges":1e300}'],
    ['depth', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ])('of %s is refused as invalid', async (_what, body) => {
    const answer = await drainWith(body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(problemSchema.parse(answer.json)).toMatchObject({ code: 'request_invalid' });
    expect(answer.json['errors']).not.toEqual([]);
  });

  test.each([
    ['{"deadline":"0s"}', '"0s"'],
    ['{"deadline":"25h"}', '"25h"'],
    ['{"maxChanges":0}', '0'],
  ])('of %s is shown as it was given', async (body, got) => {
    const { errors } = problemSchema.parse((await drainWith(body)).json);
    expect(errors).toMatchObject([{ got }]);
  });

  test('that is no UTF-8 is refused', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"deadline":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect((await drainWith(bytes)).status).toBe(400);
  });

  test('of another media type, or compressed, is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      const answer = await drainWith('{}', { 'content-type': type });
      expect(answer).toMatchObject({ status: 415, json: { code: 'media_type_unsupported' } });
    }
    expect((await drainWith('{}', { 'content-encoding': 'gzip' })).status).toBe(415);
    expect(
      (await drainWith('{}', { 'content-type': 'Application/JSON; charset=UTF-8' })).status,
    ).toBe(200);
  });

  test('that is empty needs no media type', async () => {
    expect((await app.ask('/drain', { method: 'POST', body: '' })).status).toBe(200);
  });

  test('larger than 64 KiB is refused, whether its length is announced or not', async () => {
    const large = `{"deadline":"${'9'.repeat(64 * KiB)}"}`;
    const announced = await raw(
      'POST',
      '/drain',
      ['content-type: application/json', `content-length: ${large.length}`],
      large,
    );
    expect(statusOf(announced)).toBe(413);
    expect(announced).toContain('"code":"request_too_large"');
    const chunked = await raw(
      'POST',
      '/drain',
      ['content-type: application/json', 'transfer-encoding: chunked'],
      `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
    );
    expect(statusOf(chunked)).toBe(413);
    expect((await app.ask('/health')).status).toBe(200);
  });

  test.each([
    ['content-length: 100', '{"deadline":'],
    ['content-length: 100', ''],
    ['transfer-encoding: chunked', '64\r\n{"deadline":'],
    ['transfer-encoding: chunked', ''],
  ])('of %s that breaks off after %j starts nothing', async (framing, part) => {
    const before = app.log().length;
    const answered = app.logged('request');
    const head = ['content-type: application/json', framing, AUTHORIZATION];
    const caller = connect(app.port, '127.0.0.1');
    caller.write(requestText('POST', '/drain', head, part), () => caller.destroy());
    await answered;
    const said = app.log().slice(before);
    expect(said).toContain('"status":400');
    expect(said).not.toContain('drained');
  });

  test('with two lengths is refused before it is a request', async () => {
    const lengths = ['content-length: 2', 'content-length: 3'];
    expect(statusOf(await raw('POST', '/drain', lengths, '{} '))).toBe(400);
    const both = ['content-length: 4', 'transfer-encoding: chunked'];
    expect(statusOf(await raw('POST', '/drain', both, '0\r\n\r\n'))).toBe(400);
  });
});

describe('a query', () => {
  test('is refused with everything that is wrong with it', async () => {
    const answer = await app.ask('/drain?deadline=soon&maxChanges=0&token=x&__proto__=1', {
      method: 'POST',
    });
    const { errors } = problemSchema.parse(answer.json);
    expect(errors?.map(({ path }) => path).sort()).toEqual([
      'query.__proto__',
      'query.deadline',
      'query.maxChanges',
      'query.token',
    ]);
  });

  test('is shown as it was given', async () => {
    const answer = await app.ask('/drain?deadline=0s&maxChanges=0');
    expect(answer.json['errors']).toMatchObject([
      { path: 'query.deadline', got: '"0s"' },
      { path: 'query.maxChanges', got: '"0"' },
    ]);
  });

  test.each(['/health', '/ready', '/metrics'])('keeps no probe from %s', async (path) => {
    expect((await app.ask(`${path}?x=1&x=2&now`)).status).toBe(200);
  });

  test('says each thing once, and not again in the body', async () => {
    const twice = await app.ask('/drain?deadline=1s&deadline=2s');
    expect(twice).toMatchObject({ status: 400, json: { errors: [{ path: 'query.deadline' }] } });
    const both = await app.post('/drain?deadline=1s', { deadline: '2s' });
    expect(both).toMatchObject({ status: 400, json: { errors: [{ path: 'body.deadline' }] } });
  });
});

describe('a path', () => {
  test.each([
    '//api/status',
    '/api//status',
    '/api/status/',
    '/API/status',
    '/api/status;x=1',
    '/api%2Fstatus',
    '/drain/',
    '/drain%00',
    '/drain%0d%0aset-cookie:x',
    '/%e0%a4%a',
    '/.env',
    '/api/dead-letters/0x1',
    '/api/dead-letters/redrive/',
    '/constructor',
  ])('%s leads nowhere', async (target) => {
    const answer = await raw('GET', target);
    expect([400, 404]).toContain(statusOf(answer));
    expect(answer).toMatch(/"code":"(route_unknown|request_invalid)"/);
  });

  test.each(['/api/../drain', '/health/../drain', '/health/%2e%2e/drain', '/./drain'])(
    '%s is as guarded as what it leads to',
    async (target) => {
      const answer = await rawRequest(app.port, requestText('GET', target));
      expect([401, 404]).toContain(statusOf(answer));
    },
  );

  test.each(['/health%2f..%2fdrain', '/health/', '//health', '/health;/drain', '/healthx'])(
    '%s is not open as /health is',
    async (target) => {
      expect(statusOf(await rawRequest(app.port, requestText('GET', target)))).toBe(401);
    },
  );

  test('names an endpoint with every character that it has, and no other path', async () => {
    const known = await app.ask('/api/endpoints/%68ooks/resume', { method: 'POST' });
    expect(known.status).toBe(200);
    const slash = await app.ask('/api/endpoints/a%2Fb/pause', { method: 'POST' });
    expect(slash).toMatchObject({ status: 404, json: { code: 'endpoint_unknown' } });
    const dots = await app.ask('/api/endpoints/%2e%2e%2fhooks/pause', { method: 'POST' });
    expect(dots.status).toBe(404);
    const nul = await app.ask('/api/endpoints/hooks%00/pause', { method: 'POST' });
    expect(nul.status).toBe(400);
  });

  test('backslashes and absolute targets open nothing', async () => {
    expect(statusOf(await rawRequest(app.port, requestText('GET', '/health\\..\\drain')))).toBe(
      400,
    );
    expect(
      statusOf(await rawRequest(app.port, requestText('GET', 'http://evil.example/drain'))),
    ).toBe(401);
    expect(statusOf(await raw('OPTIONS', '*'))).toBeGreaterThanOrEqual(400);
  });
});

describe('a method', () => {
  test.each([
    ['PUT', '/drain', 'POST, GET, OPTIONS'],
    ['DELETE', '/api/status', 'GET, HEAD, OPTIONS'],
    ['GET', '/api/endpoints/hooks/pause', 'POST, OPTIONS'],
    ['GET', '/api/dead-letters/redrive', 'POST, OPTIONS'],
    ['POST', '/health', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/', 'GET, HEAD, OPTIONS'],
    ['TRACE', '/metrics', 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/metrics', 'GET, HEAD, OPTIONS'],
  ])('%s of %s is refused with those there are', async (method, path, allow) => {
    const answer = await raw(method, path);
    expect(statusOf(answer)).toBe(405);
    expect(answer).toMatch(new RegExp(`\\r\\nallow: ${allow}\\r\\n`, 'i'));
    expect(answer).toContain('"code":"method_not_allowed"');
  });

  test('that nobody knows is refused before it is a request', async () => {
    const answer = await raw('DRAIN', '/drain');
    expect(statusOf(answer)).toBe(400);
    expect(answer).toContain('application/problem+json');
  });

  test('is not what a header says it is', async () => {
    const headers = { 'x-http-method-override': 'POST', 'x-method-override': 'POST' };
    expect((await app.ask('/api/endpoints/hooks/pause', { headers })).status).toBe(405);
  });

  test('HEAD answers as GET, without the body', async () => {
    const answer = await app.ask('/api/status', { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers.get('content-type')).toBe('application/json');
  });
});

describe('headers', () => {
  test('of more than 16 KiB are refused with a problem', async () => {
    const answer = await raw('GET', '/api/status', [`x-padding: ${'x'.repeat(17 * KiB)}`]);
    expect(statusOf(answer)).toBe(431);
    expect(answer).toContain('"code":"request_too_large"');
  });

  test('that fold, or hold what no header can, are refused', async () => {
    expect(statusOf(await raw('GET', '/health', ['x-a: 1', ' folded']))).toBe(400);
    expect(statusOf(await raw('GET', '/health', ['x-a: \x00']))).toBe(400);
    expect(statusOf(await raw('GET', '/health', ['x a: 1']))).toBe(400);
  });

  test('name a request by an id that is taken over if it is harmless, into answer and log', async () => {
    const given = await app.ask('/api/status', { headers: { 'x-request-id': 'cron-42/a.b' } });
    expect(given.headers.get('x-request-id')).toBe('cron-42/a.b');
    expect(app.log()).toContain('"request_id":"cron-42/a.b"');
    const wrong = await app.ask('/nowhere', { headers: { 'x-request-id': '<script>"' } });
    expect(wrong.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(wrong.json['request_id']).toBe(wrong.headers.get('x-request-id'));
    const long = await app.ask('/health', { headers: { 'x-request-id': 'x'.repeat(129) } });
    expect(long.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('of every answer keep it from caches, frames and guesses', async () => {
    for (const path of ['/health', '/api/status', '/nowhere', '/metrics']) {
      const { headers } = await app.ask(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });
});
