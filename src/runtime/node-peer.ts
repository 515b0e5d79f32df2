import { isIPv6 } from 'node:net';

/**
 * Whether the peer of a request is this machine, by the socket that @hono/node-server hands to an
 * app. Without one nobody knows, and the answer is no.
 */
export function isLoopbackPeer(_request: Request, env: unknown): boolean {
  const address = addressOf(env);
  return address !== null && isLoopbackAddress(address);
}

export function isLoopbackAddress(address: string): boolean {
  return isIPv6(address)
    ? /^(::1|::ffff:127(\.\d{1,3}){3})$/i.test(address)
    : /^127(\.\d{1,3}){3}$/.test(address);
}

function addressOf(env: unknown): string | null {
  let value = env;
  for (const name of ['incoming', 'socket', 'remoteAddress']) {
    if (typeof value !== 'object' || value === null) return null;
    value = Reflect.get(value, name);
  }
  return typeof value === 'string' ? value : null;
}
