import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { createReceiver } from '../../src/receiver/create-receiver.ts';
import { nodeListener, type NodeRequest } from '../../src/receiver/node-listener.ts';
import { signingSecret } from '../support/secrets.ts';
import { serve } from './node-server.ts';
import { signedHeaders } from './signed-request.ts';

const secret = signingSecret('listener');
const text = '{"id":"e7","op":"insert","table":"orders","key":{"id":7}}';

function receiver() {
  const handle = vi.fn();
  const onError = vi.fn();
  return { handle, onError, receive: createReceiver({ secrets: [secret], handle, onError }) };
}

function signed(): Record<string, string> {
  const seconds = Math.floor(Date.now() / 1000);
  const body = new TextEncoder().encode(text);
  return Object.fromEntries(new Headers(signedHeaders([secret], 'e7', seconds, body)));
}

/** What a server answers to these bytes on a connection of their own; empty where it only hangs up. */
async function answerTo(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.end(bytes);
  await closed;
  return answer;
}

const head = (line: string, ...headers: readonly string[]): string =>
  [line, ...headers, 'connection: close', '', ''].join('\r\n');

test.each([
  ['a host that is none', head('POST / HTTP/1.1', 'host: a b', 'content-length: 0'), 401],
  ['a path that is none', head('POST //[ HTTP/1.1', 'host: r', 'content-length: 0'), 401],
  ['a method that takes no body', head('TRACE / HTTP/1.1', 'host: r'), 405],
  [
    'bytes in a header',
    head('POST / HTTP/1.1', 'host: r', 'webhook-id: \xff', 'content-length: 0'),
    401,
  ],
  ['no signature', `${head('POST / HTTP/1.1', 'host: r', 'content-length: 2')}{}`, 401],
])('a request with %s is answered, and the server lives on', async (_, bytes, status) => {
  const { receive, handle } = receiver();
  const url = await serve(receive);
  expect(await answerTo(url, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  const answer = await fetch(url, { method: 'POST', headers: signed(), body: text });
  expect(answer.status).toBe(204);
  expect(handle).toHaveBeenCalledOnce();
});

test('a body that ends early is no event, and the server lives on', async () => {
  const { receive, handle, onError } = receiver();
  const url = await serve(receive);
  await answerTo(url, `${head('POST / HTTP/1.1', 'host: r', 'content-length: 99')}{"id"`);
  const answer = await fetch(url, { method: 'POST', headers: signed(), body: text });
  expect(answer.status).toBe(204);
  expect(handle).toHaveBeenCalledOnce();
  expect(onError).not.toHaveBeenCalled();
});

/** What a framework hands on once a parser was there. */
async function answerBehindParser(more: Partial<NodeRequest>): Promise<unknown> {
  const { receive } = receiver();
  const incoming = Object.assign(Readable.from([Buffer.from(text)]), {
    method: 'POST',
    headers: signed(),
  });
  for await (const chunk of incoming) expect(String(chunk)).toBe(text);
  let status = 0;
  const ended = new Promise<string>((resolve) => {
    nodeListener(receive)(Object.assign(incoming, more), {
      writeHead: (answered) => (status = answered),
      end: resolve,
    });
  });
  const body = await ended;
  return status === 204 ? status : [status, (JSON.parse(body) as { code: string }).code];
}

test('behind a parser the bytes count that it kept, and else it says that there are none', async () => {
  const parsed: unknown = JSON.parse(text);
  const bytes = Buffer.from(text);
  expect(await answerBehindParser({ body: parsed, rawBody: bytes })).toBe(204);
  expect(await answerBehindParser({ body: bytes })).toBe(204);
  expect(await answerBehindParser({ body: text })).toBe(204);
  expect(await answerBehindParser({ body: parsed })).toEqual([500, 'body_parsed']);
});
