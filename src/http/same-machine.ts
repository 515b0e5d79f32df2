/**
 * What a reverse proxy adds: behind one, everybody's connection comes from this machine. By kind, for
 * each product has names of its own: whose address it is, what was asked for at first, who passed it on.
 */
const PROXY_HEADER = new RegExp(
  [
    '^(forwarded|via|cdn-loop|x-scheme|x-request-start)$',
    'forwarded|proxy|proxied|(^|-)(original|originating|orig)(-|$)',
    '(^|-)(client|remote|peer|real|viewer|ssl)-?(ip|addr|port|proto|host|cert|verify|s?-dn)',
    '-(ip|ips|ipaddress|addr|address|ipcountry|ipv4|ipv6)$',
    '^(cf|fly|fastly|akamai|do|wl|incap|ali|eo|cloudfront)-',
    '^x-(envoy|azure|arr|appengine|google|goog|cloud|amz|amzn|vercel|nf|akamai|sucuri|railway|heroku|render|zeabur|nginx|varnish|haproxy|traefik|kong|ngrok|tailscale|cdn|edge)-',
    '^(tailscale|ngrok|x-ray)-',
  ].join('|'),
);

/**
 * Why a request without a token is refused, although its connection comes from this machine; null
 * where it is not. A page of another site that somebody here has open calls from here, too: by a name
 * that leads to 127.0.0.1, or as a cross-site request.
 */
export function foreignness(request: Request): string | null {
  const { headers } = request;
  const proxied = [...headers.keys()].find((name) => PROXY_HEADER.test(name));
  if (proxied !== undefined) return `the request came through a proxy (${proxied})`;
  const { host, origin } = new URL(request.url);
  if (!isLoopbackName(host) || !isLoopbackName(headers.get('host') ?? host)) {
    return 'the request names another machine than localhost';
  }
  const site = headers.get('sec-fetch-site');
  const isForeign = site !== null && site !== 'none' && site !== 'same-origin';
  return isForeign || isOfAnotherOrigin(headers, origin)
    ? 'the request was made by a page of another site'
    : null;
}

function isLoopbackName(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);
}

/** By scheme, name and port, as browsers write them: what only reads like one's own is another's. */
function isOfAnotherOrigin(headers: Headers, own: string): boolean {
  const origin = headers.get('origin');
  if (origin !== null) return origin !== own;
  // Not every browser says where a request for a picture comes from in any other way.
  const page = headers.get('referer');
  return page !== null && originOf(page) !== own;
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}
