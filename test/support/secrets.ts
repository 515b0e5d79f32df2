/** Stands in every secret that tests make up, so that a sweep knows one wherever it turns up. */
export const MARK = 'Hush7Hush7Hush';

/** A secret of visible ASCII characters, as a token, a password or a key may be. */
export function secret(name: string): string {
  return `${name}-${MARK}`;
}

/** One of Standard Webhooks, whose base64 shows the mark. `name`: up to 30 letters and digits. */
export function signingSecret(name: string): string {
  return `whsec_${(name + MARK).padStart(44, '0')}`;
}
