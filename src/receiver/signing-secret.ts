import { ReceiverError } from './receiver-error.ts';

/** By its place: not every runtime's types have a global name for it. */
export type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const wanted = 'whsec_ and the base64 of 24 to 64 bytes';

/**
 * The keys of `whsec_…` secrets.
 * @throws ReceiverError `secret_invalid`, which names the secret's place and not its value
 */
export function signingKeys(secrets: readonly string[]): Uint8Array<ArrayBuffer>[] {
  if (secrets.length === 0) {
    throw new ReceiverError('secret_invalid', 'No signing secret is given: anybody could write.');
  }
  return secrets.map((secret, index) => {
    const key = keyOf(secret);
    if (key !== null) return key;
    const which = `Signing secret ${index + 1} of ${secrets.length}`;
    throw new ReceiverError('secret_invalid', `${which} ${faultOf(secret)}; wanted: ${wanted}.`);
  });
}

/** What is wrong where a secret is an unset variable; null where all are there. */
export function missingSecret(secrets: readonly (string | undefined)[]): ReceiverError | null {
  const index = secrets.findIndex((secret) => secret === undefined || secret === '');
  if (index === -1) return null;
  const which = `Signing secret ${index + 1} of ${secrets.length}`;
  return new ReceiverError('secret_invalid', `${which} is missing; wanted: ${wanted}.`);
}

export async function importKeys(keys: readonly Uint8Array<ArrayBuffer>[]): Promise<HmacKey[]> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = keys.map((key) =>
    crypto.subtle.importKey('raw', key, algorithm, false, ['sign']),
  );
  return Promise.all(imported);
}

function keyOf(secret: unknown): Uint8Array<ArrayBuffer> | null {
  if (typeof secret !== 'string' || !secret.startsWith('whsec_')) return null;
  const key = bytesOfBase64(secret.slice('whsec_'.length));
  return key !== null && key.length >= 24 && key.length <= 64 ? key : null;
}

/** An unset variable and a line break at the end of a file are what secrets mostly suffer from. */
function faultOf(secret: unknown): string {
  if (typeof secret !== 'string' || secret === '') return 'is missing';
  if (secret !== secret.trim()) return 'has white space around it';
  if (/^wh[sp]k_/.test(secret)) return 'is an ed25519 key';
  if (!secret.startsWith('whsec_')) return 'does not begin with whsec_';
  return 'is no base64 of that length';
}

/** The bytes of standard base64, or null where the text is none. `atob` alone would skip spaces. */
function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
