import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { headerText } from './header-text.ts';

/**
 * What a CloudEvents attribute may not hold: control characters, surrogates without their other half,
 * and noncharacters.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
const FORBIDDEN_OR_PERCENT = /[%\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/** The text, where it may stand in an attribute; else with that, and `%`, percent-encoded in UTF-8. */
export function attributeText(text: string): string {
  if (!FORBIDDEN.test(text)) return text;
  return text.replaceAll(FORBIDDEN_OR_PERCENT, (character) =>
    Array.from(new TextEncoder().encode(character), percentEncoded).join(''),
  );
}

function percentEncoded(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Servers take 8 KiB of headers and more, all of them together. */
const MAX_HEADER_BYTES = 2_048;

/** Whether a text is too long to go as a header: then the server would refuse the request, with 431. */
export function isTooLongForHeader(text: string): boolean {
  return headerText(text).length > MAX_HEADER_BYTES;
}

/**
 * A key as a header; one that is too long by its SHA-256, which is the same for the same key. `prefix`
 * stays as it is.
 */
export function keyHeader(key: string, prefix = ''): string {
  const whole = headerText(prefix + key);
  if (whole.length <= MAX_HEADER_BYTES) return whole;
  return `${headerText(prefix)}sha256:${bytesToHex(sha256(new TextEncoder().encode(key)))}`;
}
