import { beforeAll, describe, expect, test } from 'vitest';
import { problemSchema } from '../../src/http/problem.ts';
import { REQUEST_LIMITS } from '../../src/runtime/request-limits.ts';
import { createPipeline } from '../support/pipeline.ts';
import { rawRequest, requestText, statusOf } from './raw-request.ts';
import { type ServedApp, serveApp, TOKEN } from './served-app.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';

let config: ResolvedConfig;
let app: ServedApp;

beforeAll(async () => {
  const endpoints = [{ name: 'hooks', type: 'http', url: 'http://127.0.0.1:9/' }] as const;
  ({ config } = await createPipeline({ endpoints: [...endpoints] }));
  app = await serveApp(config);
});

/** Of a raw answer: its headers by name, and its problem. */
function problemOf(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const lines = head.split('\r\n').slice(1);
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(': ')[0]!.toLowerCase(), line.replace(/^[^:]*: /, '')]),
  );
  return { status: statusOf(answer), headers, problem: problemSchema.parse(JSON.parse(body)) };
}

/** It looks like an answer of the app's, and is found in the log by its id. */
function expectProblem(answer: string, status: number, code: string, served = app): void {
  const { status: told, headers, problem } = problemOf(answer);
  expect([told, problem.status, problem.code]).toEqual([status, status, code]);
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': problem.request_id,
  });
  const logged = served.log().split('\n');
  const line = logged.find((each) => each.includes(problem.request_id)) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({ msg: 'request', status, detail: problem.detail });
}

describe('before there is a request', () => {
  test.each([
    ['no HTTP', 'HELO walhook\r\n\r\n', 400, 'request_invalid'],
    ['a method that nobody knows', requestText('DRAIN', '/drain'), 400, 'request_invalid'],
    [
      'headers without end',
      requestText('GET', '/health', [`x: ${'x'.repeat(17 << 10)}`]),
      431,
      'request_too_large',
    ],
    [
      'a host that is none',
      requestText('GET', '/health', ['host: a b/c?d']),
      400,
      'request_invalid',
    ],
    ['no host', 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'request_invalid'],
    [
      'two hosts',
      requestText('GET', '/health', ['host: localhost', 'host: localhost']),
      400,
      'request_invalid',
    ],
    [
      'an expectation',
      requestText('GET', '/health', ['expect: a-miracle']),
      417,
      'request_invalid',
    ],
  ])('%s is refused with a problem', async (_what, bytes, status, code) => {
    expectProblem(await rawRequest(app.port, bytes), status, code);
  });

  test("the caller's own id is kept where it can be read", async () => {
    const bytes = 'GET /health HTTP/1.1\r\nx-request-id: probe-1\r\nconnection: close\r\n\r\n';
    expect(problemOf(await rawRequest(app.port, bytes)).problem.request_id).toBe('probe-1');
  });
});

test('HTTP/1.0 may leave its host out', async () => {
  const health = await rawRequest(app.port, 'GET /health HTTP/1.0\r\n\r\n');
  expect(statusOf(health)).toBe(200);
  const head = `GET /api/status HTTP/1.0\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`;
  expect(statusOf(await rawRequest(app.port, head))).toBe(200);
});

describe('a request that does not arrive', () => {
  const limits = {
    ...REQUEST_LIMITS,
    headersTimeout: 50,
    requestTimeout: 100,
    connectionsCheckingInterval: 10,
  };

  test.each([
    ['headers', 'GET /health HTTP/1.1\r\n'],
    [
      'body',
      requestText('POST', '/drain', [`authorization: Bearer ${TOKEN}`, 'content-length: 9']),
    ],
  ])('with its %s in time is refused with a problem', async (_part, bytes) => {
    const hasty = await serveApp(config, [TOKEN], { limits });
    expectProblem(await rawRequest(hasty.port, bytes), 408, 'request_invalid', hasty);
  });

  test('is looked for so often that the limits are what they say', () => {
    const { connectionsCheckingInterval: every, headersTimeout, requestTimeout } = REQUEST_LIMITS;
    expect(every * 10).toBeLessThanOrEqual(Math.min(headersTimeout, requestTimeout));
  });
});
