import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { ShopCopy, type ShopEvent } from './shop-copy.ts';

export type VerifyingReceiver = {
  readonly url: string;
  /** For the sender: `whsec_…`. */
  readonly secret: string;
  readonly copy: ShopCopy;
  /** While true it answers 503 and keeps nothing. */
  down: boolean;
  readonly refused: () => number;
  readonly badSignatures: () => number;
  close(): Promise<void>;
};

const HOST = '127.0.0.1';
const TOLERANCE_S = 300;

/** What somebody who consumes the events would write: check the signature, apply, answer 204. */
export async function startVerifyingReceiver(): Promise<VerifyingReceiver> {
  const key = randomBytes(32);
  const copy = new ShopCopy();
  let refused = 0;
  let badSignatures = 0;

  const server = createServer((request, response) => {
    void answer(request).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  });
  const answer = async (request: IncomingMessage): Promise<number> => {
    const body = await readBody(request);
    if (receiver.down) {
      refused += 1;
      return 503;
    }
    if (!isSigned(request, body, key)) {
      badSignatures += 1;
      return 401;
    }
    const { events } = JSON.parse(body.toString('utf8')) as { events: readonly ShopEvent[] };
    for (const event of events) copy.apply(event);
    return 204;
  };
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const receiver: VerifyingReceiver = {
    url: `http://${HOST}:${port}/hooks`,
    secret: `whsec_${key.toString('base64')}`,
    copy,
    down: false,
    refused: () => refused,
    badSignatures: () => badSignatures,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function isSigned({ headers }: IncomingMessage, body: Buffer, key: Buffer): boolean {
  const id = String(headers['webhook-id']);
  const timestamp = String(headers['webhook-timestamp']);
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) < TOLERANCE_S)) return false;
  const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice(3), 'base64'))
    .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted));
}
