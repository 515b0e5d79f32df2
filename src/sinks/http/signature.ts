import { createHmac } from 'node:crypto';

/** The bytes of a `whsec_…` secret. */
export function signingKey(secret: string): Uint8Array {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}

/**
 * Standard Webhooks 1.0, symmetric: one `v1,` signature a key, so that a receiver may hold the new or
 * the old one while keys are rotated. Signs the exact bytes that are sent.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatures(
  keys: readonly Uint8Array[],
  id: string,
  timestampSeconds: number,
  body: Uint8Array,
): string {
  return keys
    .map((key) => {
      const hmac = createHmac('sha256', key).update(`${id}.${timestampSeconds}.`).update(body);
      return `v1,${hmac.digest('base64')}`;
    })
    .join(' ');
}
