import { addressOf, type ResolvedEndpoint } from './endpoint-schema.ts';
import { isLoopback, isPlainRemoteUrl } from './endpoint-url.ts';
import { isSecretHeader } from './http-headers.ts';
import type { ResolvedConfig } from './schema.ts';

/** What would cross a network as it is, for whoever stands between to read. */
export function unencryptedWarnings(config: ResolvedConfig): string[] {
  const { database, state, endpoints } = config;
  const cleartext = Object.entries({ database, state })
    .filter(([, { allowCleartextPassword: isAllowed }]) => isAllowed === true)
    .map(
      ([name]) =>
        `${name}.allowCleartextPassword: without TLS, the password crosses the network as it is where the server asks for that.`,
    );
  const events = endpoints.flatMap((endpoint) => {
    const sent = sentUnencrypted(endpoint);
    return sent === null ? [] : [`Endpoint ${endpoint.name}: ${sent}, over http.`];
  });
  return [...cleartext, ...events, ...endpoints.flatMap(redisWarnings)];
}

/** What an endpoint is sent that is readable on its way; null where nothing is. */
export function sentUnencrypted(endpoint: ResolvedEndpoint): string | null {
  if (!isPlainRemoteUrl(addressOf(endpoint) ?? '')) return null;
  const also = hasCredentials(endpoint) ? ', and so do its credentials' : '';
  return `events cross the network unencrypted${also}`;
}

function hasCredentials(endpoint: ResolvedEndpoint): boolean {
  if (endpoint.type === 'hook0') return true;
  if (endpoint.type !== 'http') return false;
  return endpoint.auth !== undefined || Object.keys(endpoint.headers).some(isSecretHeader);
}

function redisWarnings(endpoint: ResolvedEndpoint): string[] {
  const url = 'rateLimit' in endpoint ? endpoint.rateLimit?.store?.redis : undefined;
  if (url === undefined) return [];
  const { protocol, hostname, password } = new URL(url);
  if (protocol !== 'redis:' || password === '' || isLoopback(hostname)) return [];
  return [
    `Endpoint ${endpoint.name}: the password of rateLimit.store crosses the network unencrypted: take rediss://.`,
  ];
}
