/** `https://api.hook0.com` and `https://api.hook0.com/api/v1/` are the same. */
export function hook0BaseUrl(apiUrl: string): string {
  const url = new URL(apiUrl);
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path.endsWith('/api/v1') ? path : `${path}/api/v1`}`;
}
