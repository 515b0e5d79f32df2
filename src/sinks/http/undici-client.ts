import { ConnectionPool } from './connection-pool.ts';
import { Exchange } from './exchange.ts';
import type { HttpClient } from './http-client.ts';
import { HttpConnection } from './http-connection.ts';
import { routeTo } from './proxy-route.ts';

/**
 * Node: kept-alive connections through undici's dispatch, one request a connection at a time. The
 * body's bytes are sent as they are, nothing is allocated for a stream.
 */
export function undiciClient(
  origin: URL,
  connections: number,
  proxy: URL | null = null,
): HttpClient {
  const { peer, connector, forward } = routeTo(origin, proxy);
  const pool = new ConnectionPool(connections, () => new HttpConnection(peer, connector));
  return {
    request: (request) =>
      new Promise((resolve, reject) =>
        new Exchange(pool, request, forward, resolve, reject).begin(),
      ),
    close: () => pool.close(),
  };
}
