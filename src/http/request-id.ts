/** Names a request in its answer, in a problem and in the log. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** One that the caller chose, so that both logs can be read together, if it is harmless. */
export function requestIdOf({ headers }: Request): string {
  const given = headers.get(REQUEST_ID_HEADER) ?? '';
  return /^[\w.:=/+-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}
