/**
 * The URL without what it says of TLS: the driver reads `sslmode` in a way of its own, and would open
 * files. As text, because WHATWG URLs have no user without a host, and a Unix socket's URL has that.
 */
export function withoutTlsParameters(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return url;
  const kept = url
    .slice(start + 1)
    .split('&')
    .filter((pair) => !/^(ssl[a-z]*|uselibpqcompat)(=|$)/i.test(pair));
  return kept.length === 0 ? url.slice(0, start) : `${url.slice(0, start)}?${kept.join('&')}`;
}
