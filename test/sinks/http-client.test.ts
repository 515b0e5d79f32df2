import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { fetchClient } from '../../src/sinks/http/fetch-client.ts';
import { ANSWER_BYTES, type HttpRequest } from '../../src/sinks/http/http-client.ts';
import { undiciClient } from '../../src/sinks/http/undici-client.ts';
import { startReceiver } from '../support/receiver.ts';
import { secret } from '../support/secrets.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

/** A server that speaks whatever `talk` writes. */
async function startRawServer(talk: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    talk(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const tlsFile = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));

/** With a certificate that nobody vouches for. */
async function startSelfSignedServer(): Promise<string> {
  const server = createSecureServer({ key: tlsFile('key.pem'), cert: tlsFile('cert.pem') });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `https://localhost:${(server.address() as AddressInfo).port}/`;
}

const selfSigned = await startSelfSignedServer();

describe.each([
  ['undici', (url: URL) => undiciClient(url, 2)],
  ['fetch', () => fetchClient()],
])('the %s client', (_name, create) => {
  async function request(address: string, options: Partial<HttpRequest> = {}) {
    const url = new URL(address);
    const client = create(url);
    try {
      return await client.request({
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-own': 'yes' },
        body: Buffer.from('{"a":1}'),
        timeoutMs: 5_000,
        signal: new AbortController().signal,
        ...options,
      });
    } finally {
      await client.close();
    }
  }

  test('sends method, path, query, headers and the exact bytes', async () => {
    const receiver = await startReceiver(() => ({
      status: 202,
      headers: { 'x-answer': 'a' },
      body: 'fine',
    }));
    const body = Buffer.from([0x22, 0xe6, 0xbc, 0xa2, 0x00, 0xff, 0x22]);
    const answer = await request(`${receiver.url}a%20b?c=d&e`, { method: 'PUT', body });
    expect([
      answer.status,
      answer.header('x-answer'),
      answer.header('x-none'),
      answer.body,
    ]).toEqual([202, 'a', null, 'fine']);
    const [received] = receiver.requests;
    expect(received).toMatchObject({
      method: 'PUT',
      path: '/a%20b?c=d&e',
      headers: { 'x-own': 'yes', 'content-type': 'application/json', 'content-length': '7' },
    });
    expect(received?.body).toEqual(body);
  });

  test('sends the part of a buffer that it is given, and no more', async () => {
    const receiver = await startReceiver();
    const large = new Uint8Array(1_000).fill(0x61);
    await request(receiver.url, { body: large.subarray(10, 15) });
    expect(receiver.requests[0]?.body.toString()).toBe('aaaaa');
  });

  test('takes a redirect as an answer', async () => {
    const receiver = await startReceiver(() => ({ status: 307, headers: { location: '/b' } }));
    expect((await request(receiver.url)).status).toBe(307);
    expect(receiver.requests).toHaveLength(1);
  });

  test('reads the beginning of an answer that is too long, and knows its status', async () => {
    const receiver = await startReceiver(() => ({ status: 500, body: 'x'.repeat(100 << 20) }));
    const answer = await request(receiver.url);
    expect([answer.status, answer.body.length, answer.ending]).toEqual([500, ANSWER_BYTES, 'cut']);
  });

  test.each([
    [9, 'whole'],
    [8, 'cut'],
  ])(
    'of an answer of 9 bytes, of which %i are read, knows that it is %s',
    async (bytes, ending) => {
      const receiver = await startReceiver(() => ({ status: 200, body: '123456789' }));
      const answer = await request(receiver.url, { answerBytes: bytes });
      expect([answer.body, answer.ending]).toEqual(['123456789'.slice(0, bytes), ending]);
    },
  );

  test('knows the status of an answer whose body never ends', async () => {
    const url = await startRawServer((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbeginning'),
      );
    });
    const answer = await request(url, { timeoutMs: 200 });
    expect([answer.status, answer.body]).toEqual([200, 'beginning']);
    expect(answer.ending).toBe('broke-off');
  });

  test('knows the status of an answer that breaks off', async () => {
    const url = await startRawServer((socket) => {
      socket.once('data', () =>
        socket.end('HTTP/1.1 503 No\r\ncontent-length: 100\r\n\r\nbeginning'),
      );
    });
    expect(await request(url)).toMatchObject({ status: 503, ending: 'broke-off' });
  });

  test('joins a header that came in several lines', async () => {
    const url = await startRawServer((socket) => {
      const limits = ['"minute";r=0;t=3', '"day";r=0;t=9'].map((each) => `RateLimit: ${each}\r\n`);
      socket.once('data', () => socket.end(`HTTP/1.1 204 No Content\r\n${limits.join('')}\r\n`));
    });
    const { header } = await request(url);
    expect(header('ratelimit')).toBe('"minute";r=0;t=3, "day";r=0;t=9');
  });

  test('takes an answer that comes before the request is read', async () => {
    const url = await startRawServer((socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.end('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      });
    });
    const body = new Uint8Array(8 << 20);
    await expect(
      request(url, { body, timeoutMs: 2_000 }).then(
        ({ status }) => status,
        (error: unknown) => (error as Error).name,
      ),
      // Where the connection breaks while the body is still being written, there is no answer.
    ).resolves.toSatisfy((outcome) => outcome === 413 || outcome === 'NoAnswerError');
  });

  test('says how long it waited for an answer that did not come', async () => {
    const receiver = await startReceiver(() => 'hang');
    await expect(request(receiver.url, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'no_answer',
      message: 'no answer within 50 ms',
    });
  });

  test('says that the drain stopped, also where it had before', async () => {
    const stop = new AbortController();
    const receiver = await startReceiver(() => {
      stop.abort();
      return 'hang';
    });
    const stopped = { message: 'the drain stopped before an answer came' };
    await expect(request(receiver.url, { signal: stop.signal })).rejects.toMatchObject(stopped);
    await expect(request(receiver.url, { signal: stop.signal })).rejects.toMatchObject(stopped);
    expect(receiver.requests).toHaveLength(1);
  });

  test.each([
    ['a connection that is reset', async () => (await startReceiver(() => 'reset')).url],
    [
      'a connection that is refused',
      async () => {
        const receiver = await startReceiver();
        await receiver.close();
        return receiver.url;
      },
    ],
    ['a name that does not resolve', async () => 'http://no-such-host.invalid/'],
    [
      'something else than HTTP',
      () => startRawServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
    ],
  ])('gives a code and no address for %s', async (_what, address) => {
    const path = secret('path');
    const error = await request(`${await address()}${path}`).then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'no_answer', name: 'NoAnswerError' });
    expect(error?.message).toMatch(/^connection failed( \([A-Z_]+\))?$/);
  });

  test('does not speak to a server whose certificate it cannot trust', async () => {
    await expect(request(selfSigned)).rejects.toMatchObject({
      message: 'connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)',
    });
  });

  test('keeps its connections', async () => {
    const ports = new Set<number | undefined>();
    const url = await startRawServer((socket) => {
      socket.on('data', (chunk) => {
        // Head and body may come one by one.
        if (!chunk.toString().endsWith('"the end"')) return;
        ports.add(socket.remotePort);
        socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    const client = create(new URL(url));
    for (let i = 0; i < 8; i++) {
      await client.request({
        url: new URL(url),
        method: 'POST',
        headers: {},
        body: Buffer.from('"the end"'),
        timeoutMs: 5_000,
        signal: new AbortController().signal,
      });
    }
    await client.close();
    expect(ports.size).toBeLessThanOrEqual(2);
  });
});
