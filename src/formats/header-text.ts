/**
 * An attribute's value as an HTTP header: space, `"`, `%` and all that is not printable ASCII becomes
 * its UTF-8 bytes, percent-encoded.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
 */
export function headerText(value: string): string {
  return value.replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, percentEncoded);
}

function percentEncoded(character: string): string {
  const bytes = new TextEncoder().encode(character);
  return Array.from(bytes, (byte) => `%${hex(byte)}`).join('');
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
