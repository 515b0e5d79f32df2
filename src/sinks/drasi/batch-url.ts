/** Where a source takes batches. `url`: the address of its HTTP server, with or without a path. */
export function drasiBatchUrl(url: string, sourceId: string): string {
  const address = new URL(url);
  const path = address.pathname.replace(/\/+$/, '');
  address.pathname = `${path}/sources/${encodeURIComponent(sourceId)}/events/batch`;
  return address.href;
}
