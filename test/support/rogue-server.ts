import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll } from 'vitest';

export type Demand = 'cleartext' | 'md5' | 'cleartext after scram';

export type RogueServer = {
  /** The same server, at a name that is this machine's, and at an address that is taken for another's. */
  readonly local: string;
  readonly remote: string;
  /** What clients said after their first message, as text, the TLS request not counted. */
  readonly heard: readonly string[];
  /** Resolves once every connection so far is gone. */
  hungUp(): Promise<void>;
};

const started = new Set<{ server: Server; sockets: Set<Socket> }>();

afterAll(async () => {
  for (const { server, sockets } of started) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
  started.clear();
});

const SSL_REQUEST = 80_877_103;

/** Speaks as much of Postgres' protocol as it takes to ask for a password, and has no TLS. */
export async function startRogueServer(demand: Demand): Promise<RogueServer> {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  let gone: Promise<unknown> = Promise.resolve();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    gone = Promise.all([gone, once(socket, 'close')]);
    let messages = 0;
    socket.on('data', (data: Buffer) => {
      if (data.length === 8 && data.readInt32BE(4) === SSL_REQUEST) return void socket.write('N');
      messages += 1;
      if (messages > 1) heard.push(data.toString('latin1'));
      if (messages === 1) return void socket.write(firstDemand(demand));
      if (messages === 2 && demand === 'cleartext after scram') socket.write(cleartext());
      else socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.add({ server, sockets });
  const { port } = server.address() as AddressInfo;
  const url = (host: string): string => `postgres://me@${host}:${port}/shop`;
  return {
    local: url('localhost'),
    remote: url('0.0.0.0'),
    heard,
    hungUp: async () => void (await gone),
  };
}

function firstDemand(demand: Demand): Buffer {
  if (demand === 'cleartext') return cleartext();
  if (demand === 'md5') return authentication(5, Buffer.from('salt'));
  return authentication(10, Buffer.from('SCRAM-SHA-256\0\0'));
}

function cleartext(): Buffer {
  return authentication(3, Buffer.alloc(0));
}

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html */
function authentication(kind: number, body: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.write('R');
  head.writeInt32BE(8 + body.length, 1);
  head.writeInt32BE(kind, 5);
  return Buffer.concat([head, body]);
}
