import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { nodeListener } from '../../src/receiver/node-listener.ts';

type Receive = (request: Request) => Promise<Response>;

/** A Node server around what takes a web-standard request. Ends with the test. */
export async function serve(receive: Receive): Promise<string> {
  const server = createServer(nodeListener(receive));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
