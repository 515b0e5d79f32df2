import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ended, startWalhookInShell } from '../cli/walhook.ts';
import { freePort } from '../support/free-port.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const HEAD = 'host: localhost\r\n';
/** What each of the peers sends, in turn, before it says nothing more and never hangs up. */
const SENT = {
  nothing: '',
  'half a head': `GET /health HTTP/1.1\r\n${HEAD}`,
  'half a body': `POST /drain HTTP/1.1\r\n${HEAD}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
  'a request, and is kept alive': `GET /health HTTP/1.1\r\n${HEAD}\r\n`,
} as const;
const KEPT_ALIVE = SENT['a request, and is kept alive'];
const PEERS = 400;
const DESCRIPTORS = 300;

type Peer = { readonly socket: Socket; readonly sent: string; readonly over: Promise<unknown> };

async function openPeer(port: number, sent: string): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const over = new Promise((resolve) => {
    socket.once('end', resolve);
    socket.once('close', resolve);
  });
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  socket.write(sent);
  return { socket, sent, over };
}

test(`${PEERS} peers that say nothing more, and ${DESCRIPTORS} descriptors, stop no delivery`, async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'http', type: 'http', url: receiver.url }] },
    'create table t (id int primary key)',
  );
  const { database } = pipeline;
  const port = await freePort();
  const env = {
    DATABASE_URL: database.url,
    SLOT_NAME: pipeline.config.slot,
    HTTP_ENDPOINT_URL: receiver.url,
    PORT: String(port),
  };
  const child = startWalhookInShell('', ['serve'], env, `ulimit -n ${DESCRIPTORS};`);
  const end = ended(child);
  const open = (): number => readdirSync(`/proc/${child.pid}/fd`).length;
  const peers: Peer[] = [];
  const delivers = async (id: number): Promise<void> => {
    await database.query('insert into t values ($1)', [id]);
    await receiver.waitFor(() =>
      receiver.events().some(({ after }) => (after as { id: number }).id === id),
    );
  };
  const health = async () => (await fetch(`http://127.0.0.1:${port}/health`)).status;
  try {
    await delivers(1);
    expect(await health()).toBe(200);
    const before = open();

    for (let nth = 0; nth < PEERS; nth += 1) {
      peers.push(await openPeer(port, Object.values(SENT)[nth % 4]!));
    }
    await delivers(2);
    expect(await health()).toBe(200);
    expect(open()).toBeLessThan(DESCRIPTORS - 20);

    // By then each of these was refused: they had 10 s for a head, and 30 s for a body.
    await Promise.all(peers.filter(({ sent }) => sent !== KEPT_ALIVE).map(({ over }) => over));
    for (const { socket, sent } of peers) if (sent === KEPT_ALIVE) socket.destroy();
    await expect.poll(open, { timeout: 20_000 }).toBeLessThan(before + 10);
    await delivers(3);

    child.kill('SIGTERM');
    expect((await end).code).toBe(0);
  } finally {
    child.kill('SIGKILL');
    for (const { socket } of peers) socket.destroy();
  }
}, 100_000);
