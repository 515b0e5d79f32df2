import { randomBytes } from 'node:crypto';
import { signatures, signingKey } from '../../src/sinks/http/signature.ts';
import { signingSecret } from '../support/secrets.ts';

export function newSecret(): string {
  return signingSecret(randomBytes(8).toString('hex'));
}

/** As walhook's own sender signs it. */
export function signedHeaders(
  secrets: readonly string[],
  id: string,
  timestampSeconds: number,
  body: Uint8Array,
): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatures(secrets.map(signingKey), id, timestampSeconds, body),
  };
}
