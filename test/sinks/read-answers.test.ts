import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { outcomeOf } from '../../src/sinks/http/answer.ts';
import { fetchClient } from '../../src/sinks/http/fetch-client.ts';
import { ANSWER_BYTES, type HttpAnswer } from '../../src/sinks/http/http-client.ts';
import { undiciClient } from '../../src/sinks/http/undici-client.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

type Said = {
  readonly head: string;
  readonly body: Buffer;
  readonly after: 'stay' | 'end' | 'reset';
};

/** Says the same to each request, as soon as that begins. */
async function startServer(said: Said): Promise<URL> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\n${said.head}\r\n`, 'latin1');
      socket.write(said.body, () => {
        if (said.after === 'end') socket.end();
        if (said.after === 'reset') socket.resetAndDestroy();
      });
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const ONE_FAILED = '{"batchItemFailures":[{"itemIdentifier":"é"}]}';
const PARTIAL = { kind: 'partial', failedIds: ['é'] };
const UNKNOWN = { kind: 'unavailable' };
const DELIVERED = { kind: 'delivered' };

const utf8 = Buffer.from(ONE_FAILED);
const utf16le = Buffer.from(ONE_FAILED, 'utf16le');
const utf16be = Buffer.from(utf16le).swap16();
const utf32 = Buffer.concat(
  [...ONE_FAILED].map((char) => Buffer.from([...Buffer.from(char, 'utf16le'), 0, 0])),
);
const marked = (mark: number[], bytes: Buffer): Buffer => Buffer.concat([Buffer.from(mark), bytes]);
const bomb = gzipSync(Buffer.alloc(64 << 20, ' '));
const longPage = gzipSync(`<p>${'x'.repeat(2 * ANSWER_BYTES)}`);

const sized = (headers: string, body: Buffer): Said => ({
  head: `${headers}content-length: ${body.length}\r\n`,
  body,
  after: 'stay',
});
const typed = (type: string, body: Buffer): Said => sized(`content-type: ${type}\r\n`, body);
const coded = (coding: string, body: Buffer, type = 'application/json'): Said =>
  sized(`content-type: ${type}\r\ncontent-encoding: ${coding}\r\n`, body);

describe.each([
  ['undici', (url: URL) => undiciClient(url, 1)],
  ['fetch', () => fetchClient()],
])('the %s client', (name, create) => {
  async function answerOf(said: Said, timeoutMs = 5_000): Promise<HttpAnswer> {
    const url = await startServer(said);
    const client = create(url);
    try {
      return await client.request({
        url,
        method: 'POST',
        headers: { 'accept-encoding': 'identity' },
        body: Buffer.from('{}'),
        timeoutMs,
        signal: new AbortController().signal,
      });
    } finally {
      await client.close();
    }
  }
  /** Where no status came in time either, nothing is known. */
  const outcome = (said: Said, timeoutMs?: number) =>
    answerOf(said, timeoutMs).then(
      (answer) => outcomeOf(answer, 0, new Map()),
      (error: unknown) => ({ kind: 'unavailable', error }),
    );

  test.each<[string, Said]>([
    ['gzip', coded('gzip', gzipSync(utf8))],
    ['gzip by its old name', coded('X-GZip', gzipSync(utf8))],
    [
      'gzip in two members',
      coded('gzip', Buffer.concat([gzipSync(utf8.subarray(0, 20)), gzipSync(utf8.subarray(20))])),
    ],
    ['gzip that calls itself plain text', coded('gzip', gzipSync(utf8), 'text/plain')],
    ['gzip that no header tells of', typed('application/json', gzipSync(utf8))],
    ['deflate', coded('deflate', deflateSync(utf8))],
    ['deflate without its frame', coded('deflate', deflateRawSync(utf8))],
    ['br', coded('br', brotliCompressSync(utf8))],
    ['deflate, then gzip', coded('deflate, gzip', gzipSync(deflateSync(utf8)))],
    [
      'gzip, twice, in two headers',
      sized('content-encoding: gzip\r\ncontent-encoding: gzip\r\n', gzipSync(gzipSync(utf8))),
    ],
    ['identity', coded('identity', utf8)],
    ['UTF-8 with its mark', typed('application/json', marked([0xef, 0xbb, 0xbf], utf8))],
    ['UTF-16 with its mark', typed('application/json', marked([0xff, 0xfe], utf16le))],
    [
      'UTF-16, the other way round',
      typed('application/json; charset=utf-8', marked([0xfe, 0xff], utf16be)),
    ],
    ['UTF-16 as declared', typed('application/json; charset="UTF-16LE"', utf16le)],
    ['UTF-16 that does not say which', typed('application/json; charset=utf-16', utf16be)],
    ['UTF-16 that says nothing', typed('application/json', utf16be)],
    ['Latin-1', typed('text/plain; charset=ISO-8859-1', Buffer.from(ONE_FAILED, 'latin1'))],
    ['UTF-16 in gzip', coded('gzip', gzipSync(utf16le), 'application/json; charset=utf-16le')],
  ])('reads an answer in %s', async (_what, said) => {
    expect(await outcome(said)).toMatchObject(PARTIAL);
  });

  test.each<[string, Said]>([
    ['a coding that is not known', coded('compress', Buffer.from([0x1f, 0x9d, 0x90, 0xff, 0x80]))],
    [
      'gzip that is none',
      coded('gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0])),
    ],
    ['gzip whose end is missing', coded('gzip', gzipSync(utf8).subarray(0, 40))],
    ['br that is none', coded('br', Buffer.from([0xff, 0xfe, 0xfd, 1, 2, 3]), 'text/plain')],
    ['UTF-32', typed('application/json', utf32)],
    [
      'EBCDIC',
      typed('application/json; charset=cp037', Buffer.from([0xc0, 0x7f, 0x82, 0x81, 0xa3])),
    ],
    ['UTF-7', typed('application/json; charset=utf-7', Buffer.from('+AHsAIgBi-'))],
    ['a bomb of JSON', coded('gzip', bomb)],
  ])('takes an answer in %s for no confirmation', async (_what, said) => {
    expect(await outcome(said)).toMatchObject(UNKNOWN);
  });

  test('unpacks no more of a bomb than is read of any answer', async () => {
    const before = process.memoryUsage().rss;
    const { body, ending } = await answerOf(coded('gzip', bomb));
    expect([body.length <= ANSWER_BYTES, ending]).toEqual([true, 'cut']);
    expect(process.memoryUsage().rss - before).toBeLessThan(48 << 20);
  });

  test('confirms by an encoded answer without a body, or with a word in it', async () => {
    expect(await outcome(coded('gzip', Buffer.alloc(0)))).toMatchObject(DELIVERED);
    expect(await outcome(coded('gzip', gzipSync('fine'), 'text/plain'))).toMatchObject(DELIVERED);
    expect(await outcome(coded('gzip', longPage, 'text/html'))).toMatchObject(DELIVERED);
    expect(await outcome(typed('text/plain; charset=utf8mb4', Buffer.from('fine')))).toMatchObject(
      DELIVERED,
    );
  });

  const long = Buffer.alloc(ANSWER_BYTES + 1, 'x');
  const endings: readonly [string, string, Said['after'], Buffer, object][] = [
    ['is whole', 'content-length: 4\r\n', 'stay', Buffer.from('fine'), DELIVERED],
    [
      'is whole with its connection',
      'connection: close\r\n',
      'end',
      Buffer.from('fine'),
      DELIVERED,
    ],
    ['breaks off', 'content-length: 9\r\n', 'end', Buffer.from('fine'), UNKNOWN],
    [
      'breaks off in pieces',
      'transfer-encoding: chunked\r\n',
      'end',
      Buffer.from('4\r\nfine\r\n'),
      UNKNOWN,
    ],
    ['is reset', 'content-length: 9\r\n', 'reset', Buffer.from('fine'), UNKNOWN],
    ['does not begin', 'content-length: 9\r\n', 'stay', Buffer.alloc(0), UNKNOWN],
    ['never ends', 'content-length: 9\r\n', 'stay', Buffer.from('fine'), UNKNOWN],
    [
      'never ends in pieces',
      'transfer-encoding: chunked\r\n',
      'stay',
      Buffer.from('4\r\nfine\r\n'),
      UNKNOWN,
    ],
  ];
  const types = ['text/plain', 'text/html', 'application/json', 'application/problem+json', ''];
  const table = endings.flatMap(([how, head, after, body, expected]) =>
    types.map((type) => [how, type, head, after, body, expected] as const),
  );

  test.each(table)(
    'an answer that %s (%s) counts by one rule',
    async (_how, type, head, after, body, expected) => {
      const typeLine = type === '' ? '' : `content-type: ${type}\r\n`;
      const said = { head: typeLine + head, after, body };
      const isOver = after !== 'stay' || expected === DELIVERED;
      expect(await outcome(said, isOver ? 5_000 : 150)).toMatchObject(expected);
    },
  );

  test.each(types)('an answer that is too long (%s) counts unless it is JSON', async (type) => {
    const said = typed(type === '' ? 'x/y' : type, long);
    expect(await outcome(said)).toMatchObject(type.includes('json') ? UNKNOWN : DELIVERED);
  });

  test.skipIf(name === 'fetch')('reads a body that was encoded for its way', async () => {
    const body = gzipSync(utf8);
    const head = 'content-type: application/json\r\ntransfer-encoding: gzip, chunked\r\n';
    const chunk = Buffer.concat([
      Buffer.from(`${body.length.toString(16)}\r\n`),
      body,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    expect(await outcome({ head, body: chunk, after: 'stay' })).toMatchObject(PARTIAL);
  });
});
