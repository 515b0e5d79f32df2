import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as forwardRequest } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { outcomeOf } from '../../src/sinks/http/answer.ts';
import { undiciClient } from '../../src/sinks/http/undici-client.ts';
import { freePort } from '../support/free-port.ts';
import { startReceiver } from '../support/receiver.ts';
import { secret } from '../support/secrets.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Every name leads to `port` of this machine; without these credentials it answers 407. */
async function startProxy(port: number, credentials = '', refusal = 407) {
  const asked: string[] = [];
  const expected = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const mayPass = ({ method, url, headers }: IncomingMessage): boolean => {
    asked.push(`${method} ${url} ${headers.host}`);
    return credentials === '' ? refusal === 407 : headers['proxy-authorization'] === expected;
  };
  const server = createServer((request, response) => {
    if (!mayPass(request)) return void response.writeHead(refusal).end('no');
    const { 'proxy-authorization': _mine, ...headers } = request.headers;
    const { pathname, search } = new URL(request.url!);
    const options = {
      host: '127.0.0.1',
      port,
      method: request.method,
      path: pathname + search,
      headers,
    };
    request.pipe(
      forwardRequest(options, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  server.on('connect', (request, socket) => {
    if (!mayPass(request))
      return void socket.end(`HTTP/1.1 ${refusal} No\r\ncontent-length: 0\r\n\r\n`);
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    sockets.add(target);
    for (const side of [socket, target]) side.on('error', () => undefined);
  });
  return { port: await listen(server), asked };
}

async function send(address: string, proxy: string) {
  const url = new URL(address);
  const client = undiciClient(url, 1, new URL(proxy));
  try {
    return await client.request({
      url,
      method: 'POST',
      headers: { 'x-own': 'yes' },
      body: Buffer.from('{"a":1}'),
      timeoutMs: 5_000,
      signal: new AbortController().signal,
    });
  } finally {
    await client.close();
  }
}

const tlsFile = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));

describe('through a proxy', () => {
  test('http is forwarded, with the credentials for the proxy alone', async () => {
    const receiver = await startReceiver(() => 202);
    const password = secret('proxy');
    const proxy = await startProxy(receiver.port, `us/er:${password}`);
    const answer = await send(
      'http://receiver.test:8080/a%20b?c=d',
      `http://us%2Fer:${password}@127.0.0.1:${proxy.port}`,
    );
    expect(answer.status).toBe(202);
    expect(proxy.asked).toEqual(['POST http://receiver.test:8080/a%20b?c=d receiver.test:8080']);
    expect(receiver.requests[0]).toMatchObject({
      path: '/a%20b?c=d',
      headers: { host: 'receiver.test:8080', 'x-own': 'yes' },
    });
    expect(receiver.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  test('https goes through a tunnel, in which the certificate is still looked at', async () => {
    const server = createSecureServer({ key: tlsFile('key.pem'), cert: tlsFile('cert.pem') });
    const proxy = await startProxy(await listen(server), 'u:p');
    await expect(
      send('https://receiver.test/', `http://u:p@127.0.0.1:${proxy.port}`),
    ).rejects.toMatchObject({ message: 'connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)' });
    expect(proxy.asked).toEqual(['CONNECT receiver.test:443 receiver.test:443']);
  });

  test.each([
    [407, 'the proxy wants other credentials (HTTP 407)'],
    [403, 'the proxy does not connect to the endpoint (HTTP 403)'],
    [502, 'the proxy does not connect to the endpoint (HTTP 502)'],
  ])('that refuses a tunnel with %i, it is told as such', async (status, message) => {
    const { port } = await startProxy(1, 'u:p', status);
    await expect(send('https://receiver.test/', `http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'no_answer',
      message,
    });
  });

  test('that wants credentials, nothing is refused for good', async () => {
    const { port } = await startProxy(1, 'u:p');
    const answer = await send('http://receiver.test/', `http://127.0.0.1:${port}`);
    expect(outcomeOf(answer, 0, new Map())).toMatchObject({
      kind: 'misconfigured',
      reason: 'HTTP 407: no (a proxy wants other credentials)',
    });
  });

  test.each(['http', 'https'])(
    'that is down, an endpoint over %s is not blamed',
    async (scheme) => {
      const proxy = `http://127.0.0.1:${await freePort()}`;
      await expect(send(`${scheme}://receiver.test/`, proxy)).rejects.toMatchObject({
        code: 'no_answer',
        message: 'the proxy cannot be reached (ECONNREFUSED)',
      });
    },
  );
});
