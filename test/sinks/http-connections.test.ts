import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import type { HttpAnswer, HttpClient } from '../../src/sinks/http/http-client.ts';
import { undiciClient } from '../../src/sinks/http/undici-client.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();
const clients: HttpClient[] = [];

afterAll(async () => {
  for (const client of clients) await client.close();
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

type Peer = {
  readonly socket: Socket;
  /** Connections from 1, and what came over this one so far, from 1. */
  readonly nth: number;
  readonly piece: number;
  readonly bytes: Buffer;
};

/** Calls `talk` at whatever comes over any connection. */
async function startServer(talk: (peer: Peer) => void) {
  let connections = 0;
  const server = createServer((socket) => {
    const nth = ++connections;
    let piece = 0;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => talk({ socket, nth, piece: ++piece, bytes }));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const client = undiciClient(url, 1);
  clients.push(client);
  const request = (body: Uint8Array = SMALL, method = 'POST'): Promise<HttpAnswer> =>
    client.request({
      url,
      method,
      headers: {},
      body,
      timeoutMs: 10_000,
      signal: new AbortController().signal,
    });
  return { request, connections: () => connections };
}

const SMALL = Buffer.from('"small"');
const LARGE = new Uint8Array(8 << 20).fill(0x20);
const isWhole = (bytes: Buffer): boolean => bytes.toString('latin1').endsWith('"small"');
const answer = (status: number, more = ''): string =>
  `HTTP/1.1 ${status} So\r\n${more}content-length: 0\r\n\r\n`;

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </100>; rel=x\r\n\r\n';
const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';

describe('an interim answer that was not asked for', () => {
  const interim: [string, string][] = [
    ['100 Continue', CONTINUE],
    ['100 with headers', 'HTTP/1.1 100 Continue\r\nserver: proxy\r\nx-status: 100\r\n\r\n'],
    ['100 without a reason', 'HTTP/1.1 100\r\n\r\n'],
    ['102 Processing', PROCESSING],
    ['103 Early Hints', EARLY_HINTS],
    ['several 100', CONTINUE.repeat(3)],
    ['all of them', PROCESSING + CONTINUE + EARLY_HINTS + CONTINUE],
  ];

  test.each(interim)('is passed over: %s', async (_what, said) => {
    const server = await startServer(({ socket, bytes }) => {
      if (isWhole(bytes)) socket.write(said + answer(204));
    });
    for (let i = 0; i < 3; i++) expect((await server.request()).status).toBe(204);
    expect(server.connections()).toBe(1);
  });

  test.each(interim)('is passed over, byte by byte: %s', async (_what, said) => {
    const server = await startServer(({ socket, bytes }) => {
      if (isWhole(bytes))
        void byteByByte(socket, `${said}HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n100`);
    });
    expect(await server.request()).toMatchObject({ status: 200, body: '100' });
    expect((await server.request()).status).toBe(200);
  });

  test('is passed over while the request is still on its way', async () => {
    let received = 0;
    const server = await startServer(({ socket, piece, bytes }) => {
      received += bytes.length;
      if (piece === 1) socket.write(CONTINUE);
      if (received > LARGE.length) socket.write(answer(200));
    });
    expect((await server.request(LARGE)).status).toBe(200);
  });

  test('leaves a final answer as it is, whatever it says', async () => {
    const said =
      'HTTP/1.1 200 OK\r\nx-a: HTTP/1.1 100\r\ncontent-length: 21\r\n\r\nHTTP/1.1 100 Continue';
    const server = await startServer(({ socket, bytes }) => {
      if (isWhole(bytes)) socket.write(said);
    });
    const { body, header } = await server.request();
    expect([body, header('x-a')]).toEqual(['HTTP/1.1 100 Continue', 'HTTP/1.1 100']);
  });
});

async function byteByByte(socket: Socket, text: string): Promise<void> {
  for (const byte of Buffer.from(text, 'latin1')) {
    await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('an answer that came before the request was read', () => {
  test.each([400, 401, 404, 408, 413, 415, 429, 500, 503])(
    '%i: its connection is not used again',
    async (status) => {
      const server = await startServer(({ socket, piece, nth, bytes }) => {
        if (nth > 1) {
          if (isWhole(bytes)) socket.write(answer(204));
        } else if (piece === 1) socket.write(answer(status));
      });
      expect((await server.request(LARGE)).status).toBe(status);
      expect((await server.request()).status).toBe(204);
      expect(server.connections()).toBe(2);
    },
  );

  test('200, while it is still being sent: neither', async () => {
    const server = await startServer(({ socket, piece, nth, bytes }) => {
      if (nth > 1) {
        if (isWhole(bytes)) socket.write(answer(204));
      } else if (piece === 1) {
        socket.pause();
        socket.write(answer(200));
      }
    });
    expect((await server.request(new Uint8Array(32 << 20))).status).toBe(200);
    expect((await server.request()).status).toBe(204);
    expect(server.connections()).toBe(2);
  });

  test('that says close: neither, where more bytes come behind it', async () => {
    const server = await startServer(({ socket, nth }) => {
      socket.write(answer(204, nth === 1 ? 'connection: close\r\n' : ''));
    });
    for (let i = 0; i < 2; i++) expect((await server.request()).status).toBe(204);
    expect(server.connections()).toBe(2);
  });

  test('a refusal of a request without a body leaves its connection open', async () => {
    const server = await startServer(({ socket }) => socket.write(answer(404)));
    for (let i = 0; i < 3; i++) expect((await server.request(SMALL, 'GET')).status).toBe(404);
    expect(server.connections()).toBe(1);
  });
});

describe('a connection that the other side closes instead of answering', () => {
  test.each(['end', 'reset'] as const)(
    'by %s, after an answer to what it may not have read: the request goes out once more',
    async (how) => {
      const bodies: string[] = [];
      const closed = new Set<number>();
      let received = 0;
      const server = await startServer(({ socket, nth, bytes }) => {
        received += nth === 1 ? bytes.length : 0;
        if (nth === 1 && received < LARGE.length) return;
        if (nth === 1 && isWhole(bytes)) {
          closed.add(nth);
          if (how === 'end') socket.end();
          else socket.resetAndDestroy();
          return;
        }
        if (isWhole(bytes)) bodies.push(bytes.toString('latin1').split('\r\n\r\n')[1]!);
        socket.write(answer(204));
      });
      expect((await server.request(LARGE)).status).toBe(204);
      for (let i = 0; i < 2; i++) expect((await server.request()).status).toBe(204);
      expect([[...closed], server.connections()]).toEqual([[1], 2]);
      expect(bodies).toEqual(['"small"', '"small"']);
    },
  );

  test('a new one, or one whose requests were read: that is a failure, told at once', async () => {
    const server = await startServer(({ socket, piece, nth }) => {
      if (nth === 1 && piece === 1) socket.write(answer(204));
      else socket.resetAndDestroy();
    });
    await server.request();
    for (let i = 2; i < 4; i++) {
      await expect(server.request()).rejects.toMatchObject({ code: 'no_answer' });
      expect(server.connections()).toBe(i - 1);
    }
  });
});
