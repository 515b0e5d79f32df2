import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';

type Receive = (request: Request) => Promise<Response>;

/** A Node server around what takes a web-standard request. Ends with the test. */
export async function serve(receive: Receive): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    void receive(webRequest(incoming)).then(async (response) => {
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(await response.text());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function webRequest(incoming: IncomingMessage): Request {
  return new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method!,
    headers: incoming.headers as Record<string, string>,
    body: Readable.toWeb(incoming),
    duplex: 'half',
  });
}
