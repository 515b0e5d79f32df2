import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import { connectionBound } from '../../src/runtime/descriptors.ts';
import { REQUEST_LIMITS } from '../../src/runtime/request-limits.ts';
import { createPipeline } from '../support/pipeline.ts';
import { requestText } from './raw-request.ts';
import { serveApp, TOKEN } from './served-app.ts';

let config: ResolvedConfig;

beforeAll(async () => {
  const endpoints = [{ name: 'hooks', type: 'http', url: 'http://127.0.0.1:9/' }] as const;
  ({ config } = await createPipeline({ endpoints: [...endpoints] }));
});

const limits = {
  ...REQUEST_LIMITS,
  headersTimeout: 50,
  requestTimeout: 100,
  connectionsCheckingInterval: 10,
};
const soon = { lingerMs: 200, answerTimeout: 50 };
const withToken = `authorization: Bearer ${TOKEN}`;

/** A peer that never hangs up, whatever it is told. */
async function stubborn(port: number): Promise<Socket & { answer: () => string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'connect');
  return Object.assign(socket, { answer: () => Buffer.concat(chunks).toString() });
}

/** A peer learns that its connection is gone only by what it sends. */
async function isGone(socket: Socket): Promise<void> {
  let open = true;
  socket.on('error', () => undefined);
  socket.once('close', () => (open = false));
  while (open) {
    // Once the other side has taken it: what only piles up here would keep this process busy.
    await new Promise((written) => socket.write('x', written));
    await setImmediate();
  }
}

describe('a peer that does not hang up is hung up on', () => {
  test.each([
    ['says nothing', '', 408],
    ['sends half a head', 'GET /health HTTP/1.1\r\nhost: local', 408],
    [
      'sends half a body',
      `${requestText('POST', '/drain', [withToken, 'content-length: 9'])}{`,
      408,
    ],
    ['speaks no HTTP', 'HELO walhook\r\n\r\n', 400],
    ['sends too large a head', requestText('GET', '/', [`x: ${'x'.repeat(17 << 10)}`]), 431],
    ['sends no host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['expects a miracle', requestText('GET', '/health', ['expect: a-miracle']), 417],
    [
      'sends too large a body',
      requestText('POST', '/drain', [withToken, 'content-length: 99999999']) + 'x'.repeat(99_999),
      413,
    ],
    [
      'asks for another protocol, and speaks it',
      requestText('GET', '/health', ['connection: upgrade', 'upgrade: websocket']) + '\x81\x00',
      200,
    ],
    ['asks for a tunnel', requestText('CONNECT', 'localhost:443'), 0],
    ['asks, and hangs on', requestText('GET', '/health'), 200],
  ])('when it %s', async (_what, bytes, status) => {
    const app = await serveApp(config, [TOKEN], { limits, connectionLimits: soon });
    const socket = await stubborn(app.port);
    socket.write(bytes);
    await once(socket, 'end');
    await isGone(socket);
    expect(socket.answer()).toMatch(status === 0 ? /^$/ : new RegExp(`^HTTP/1.1 ${status} `));
  });

  test('when it takes no answer', async () => {
    const app = await serveApp(config, [TOKEN], { limits, connectionLimits: soon });
    const socket = await stubborn(app.port);
    socket.pause();
    const document = requestText('GET', '/openapi.json', [withToken]);
    // More than the buffers of both sides hold.
    socket.write(document.replace('connection: close\r\n', '').repeat(150));
    await isGone(socket);
    expect(socket.destroyed).toBe(true);
  });
});

test('what is garbage behind a request is answered behind its answer', async () => {
  const app = await serveApp(config, [TOKEN], { limits, connectionLimits: soon });
  const socket = await stubborn(app.port);
  const status = requestText('GET', '/api/status', [withToken]).replace('close', 'keep-alive');
  socket.write(`${status}HELO walhook\r\n\r\n`);
  await once(socket, 'end');
  expect(socket.answer().match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  await isGone(socket);
});

test('at the bound the connection that has been quiet for longest makes room', async () => {
  const app = await serveApp(config, [TOKEN], { connectionLimits: { ...soon, maxConnections: 3 } });
  const [first, second, third] = [
    await stubborn(app.port),
    await stubborn(app.port),
    await stubborn(app.port),
  ];
  first.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(first, 'data');
  const closed = once(second, 'end');
  const logged = app.logged('too many connections are open: those that ask for nothing are closed');
  const fourth = await stubborn(app.port);
  await Promise.all([closed, logged]);
  for (const socket of [first, third, fourth]) {
    const answered = once(socket, 'data');
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(String((await answered)[0])).toContain('200 OK');
    socket.destroy();
  }
  second.destroy();
});

test('a server that closes does not wait for who says nothing', async () => {
  const app = await serveApp(config, [TOKEN], { connectionLimits: soon });
  const silent = await stubborn(app.port);
  const ended = once(silent, 'end');
  await app.close(60_000);
  await ended;
  expect(silent.answer()).toBe('');
  silent.destroy();
});

test('of the descriptors, what delivery needs is left to it', () => {
  const endpoint = { ...config.endpoints[0]!, concurrency: 20 };
  const many = { ...config, endpoints: [endpoint, endpoint] };
  expect(connectionBound(many, 300)).toBe(300 - 100 - 40);
  expect(connectionBound(many, Infinity)).toBe(500);
  expect(connectionBound(many, 64)).toBe(8);
});
