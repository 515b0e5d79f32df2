import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { Connector } from './http-connection.ts';
import { ProxyFailure } from './proxy-failure.ts';

/** How requests get to an origin. */
export type Route = {
  /** Whom a connection is to: the origin, or the proxy that is told each URL. */
  readonly peer: string;
  readonly connector: Connector;
  /** Set where a proxy is told each URL: it takes the place of the path, and these go with it. */
  readonly forward: Readonly<Record<string, string>> | null;
};

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * `proxy` null: directly. https goes through a tunnel (CONNECT), in which the proxy reads nothing;
 * http is forwarded by the proxy (RFC 9112, 3.2.2), for many open a tunnel to port 443 alone.
 */
export function routeTo(origin: URL, proxy: URL | null): Route {
  const direct = buildConnector({});
  if (proxy === null) return { peer: origin.origin, connector: direct, forward: null };
  if (origin.protocol === 'https:') {
    return { peer: origin.origin, connector: tunnel(proxy, direct), forward: null };
  }
  return {
    peer: proxy.origin,
    connector: (options, callback) =>
      direct(options, (...[error, socket]) =>
        error === null ? callback(null, socket) : callback(ProxyFailure.unreachable(error), null),
      ),
    forward: { host: origin.host, ...authorization(proxy) },
  };
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function tunnel(proxy: URL, secure: Connector): Connector {
  const isSecure = proxy.protocol === 'https:';
  const request = isSecure ? secureRequest : plainRequest;
  return (options, callback) => {
    const { hostname, port } = options;
    const host = hostname.includes(':') ? `[${hostname}]` : hostname;
    const target = `${host}:${port === '' ? 443 : port}`;
    const asking = request({
      host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: proxy.port === '' ? (isSecure ? 443 : 80) : Number(proxy.port),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization(proxy) },
      agent: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
    const fail = (error: Error): void => callback(ProxyFailure.unreachable(error), null);
    asking.once('error', fail);
    asking.once('timeout', () =>
      asking.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
    );
    asking.once('connect', ({ statusCode = 0 }, socket: Socket) => {
      asking.off('error', fail);
      socket.setTimeout(0);
      if (statusCode >= 200 && statusCode < 300) {
        secure({ ...options, httpSocket: socket }, callback);
        return;
      }
      socket.destroy();
      callback(ProxyFailure.refused(statusCode), null);
    });
    asking.end();
  };
}
