import { type HeaderSource, readHeader } from './header-source.ts';
import { bytesOf, type RawBody } from './raw-body.ts';
import { ReceiverError } from './receiver-error.ts';
import { type HmacKey, importKeys, signingKeys } from './signing-secret.ts';

export type SignedRequest = {
  readonly headers: HeaderSource;
  readonly body: RawBody;
};

export type FreshnessOptions = {
  /** How far the sender's clock may be off, in either direction. Default: 300. */
  readonly toleranceSeconds?: number | undefined;
  /** Milliseconds since the Unix epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
};

export type VerifyOptions = FreshnessOptions & {
  /** `whsec_…`: one, or several while they are rotated. One that matches is enough. */
  readonly secrets: readonly string[];
};

export type Verified = {
  /** `webhook-id`: the event's id or the batch's, the same at each try. */
  readonly id: string;
  /** `webhook-timestamp`: when this try was made, in seconds since the Unix epoch. */
  readonly timestamp: number;
};

/**
 * Resolves if the request was signed under one of the secrets, and lately.
 * @throws ReceiverError otherwise
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function verify(request: SignedRequest, options: VerifyOptions): Promise<Verified> {
  return verifyWithKeys(request, await importKeys(signingKeys(options.secrets)), options);
}

export async function verifyWithKeys(
  { headers, body }: SignedRequest,
  keys: readonly HmacKey[],
  options: FreshnessOptions,
): Promise<Verified> {
  const id = required(headers, 'webhook-id');
  const timestamp = required(headers, 'webhook-timestamp');
  const signatures = required(headers, 'webhook-signature');
  // With a dot in it, the id's end could be told as the timestamp, under the same signature.
  if (id.includes('.')) throw new ReceiverError('header_invalid', 'webhook-id has a dot in it.');
  const seconds = secondsOf(timestamp);
  checkFreshness(seconds, options);

  const content = signedContent(`${id}.${timestamp}.`, bytesOf(body));
  // Compared as texts: bytes have more than one spelling in base64. Those of other schemes (`v1a`:
  // ed25519) are passed over, as the specification says.
  const given = signatures.split(' ');
  let matches = false;
  for (const key of keys) {
    const expected = await sign(key, content);
    for (const signature of given) matches = isSame(expected, signature) || matches;
  }
  if (matches) return { id, timestamp: seconds };
  throw new ReceiverError(
    'signature_mismatch',
    'No signature fits this body under any of the secrets.',
  );
}

function required(headers: HeaderSource, name: string): string {
  const value = readHeader(headers, name);
  if (value === null) throw new ReceiverError('header_missing', `${name} is missing.`);
  return value;
}

function secondsOf(timestamp: string): number {
  const seconds = /^\d+$/.test(timestamp) ? Number(timestamp) : NaN;
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new ReceiverError('header_invalid', 'webhook-timestamp is no whole number of seconds.');
}

function checkFreshness(seconds: number, options: FreshnessOptions): void {
  const { toleranceSeconds = 300, now = Date.now } = options;
  const age = Math.floor(now() / 1000) - seconds;
  const bound = `${toleranceSeconds} s are allowed`;
  // Put so that a tolerance that is no number lets nothing through.
  if (!(age <= toleranceSeconds)) {
    throw new ReceiverError('timestamp_too_old', `The request is ${age} s old; ${bound}.`);
  }
  if (!(age >= -toleranceSeconds)) {
    const ahead = `The request's time is ${-age} s ahead of this clock`;
    throw new ReceiverError('timestamp_too_new', `${ahead}; ${bound}.`);
  }
}

function signedContent(head: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix = new TextEncoder().encode(head);
  const content = new Uint8Array(prefix.length + body.length);
  content.set(prefix);
  content.set(body, prefix.length);
  return content;
}

async function sign(key: HmacKey, content: Uint8Array<ArrayBuffer>): Promise<string> {
  const hmac = new Uint8Array(await crypto.subtle.sign('HMAC', key, content));
  return `v1,${btoa(String.fromCharCode(...hmac))}`;
}

/** Takes as long wherever the first difference is. */
function isSame(expected: string, given: string): boolean {
  if (given.length !== expected.length) return false;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= expected.charCodeAt(i) ^ given.charCodeAt(i);
  }
  return difference === 0;
}
