import { connect } from 'node:net';

const TIMEOUT_MS = 5_000;

/** Resolves once the URL's host takes a TCP connection; nothing is sent. Rejects with the reason. */
export function reachEndpoint(url: string): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const usual = protocol === 'https:' ? 443 : 80;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: port === '' ? usual : Number(port) });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    socket.once('error', (error) => {
      reject(
        error instanceof AggregateError ? new Error(error.errors.map(String).join('; ')) : error,
      );
    });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
