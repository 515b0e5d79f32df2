/** What a reverse proxy adds: behind one, everybody's connection comes from this machine. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/**
 * Why a request without a token is refused, although its connection comes from this machine; null
 * where it is not. A page of another site that somebody here has open calls from here, too: by a name
 * that leads to 127.0.0.1, or as a cross-site request.
 */
export function foreignness(request: Request): string | null {
  const { headers } = request;
  const proxied = PROXY_HEADERS.find((name) => headers.has(name));
  if (proxied !== undefined) return `the request came through a proxy (${proxied})`;
  const { host } = new URL(request.url);
  if (!isLoopbackName(host) || !isLoopbackName(headers.get('host') ?? host)) {
    return 'the request names another machine than localhost';
  }
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  const isForeign = site !== null && site !== 'none' && site !== 'same-origin';
  const isOtherOrigin = origin !== null && hostOf(origin) !== host;
  return isForeign || isOtherOrigin ? 'the request was made by a page of another site' : null;
}

function isLoopbackName(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
