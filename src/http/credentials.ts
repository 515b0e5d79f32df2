/** The token of `Authorization: Bearer …`; null where there is none. */
export function bearerToken(authorization: string | null): string | null {
  return /^bearer +([!-~]+) *$/i.exec(authorization ?? '')?.[1] ?? null;
}

/** The password of `Authorization: Basic …`, which is all that a browser can be made to ask for. */
export function basicPassword(authorization: string | null): string | null {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  try {
    const credentials = atob(encoded);
    const colon = credentials.indexOf(':');
    return colon < 0 ? null : credentials.slice(colon + 1);
  } catch {
    return null;
  }
}
