const MAX_BYTES = 50;

export type Hook0Labels = Readonly<Record<string, string>>;

/**
 * The entries of a JSON object that Hook0 can take: texts, key and value cut to 50 bytes between two
 * characters. What is empty, or no text, is left out; a null character is too, for its database
 * cannot hold one. Empty where the text is no JSON object.
 */
export function labelsOf(json: string): Hook0Labels {
  const value = parse(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return cutLabels(Object.entries(value));
}

export function cutLabels(entries: readonly (readonly [string, unknown])[]): Hook0Labels {
  const kept = entries
    .flatMap(([key, value]) => (typeof value === 'string' ? [[cut(key), cut(value)]] : []))
    .filter(([key, value]) => key !== '' && value !== '');
  return Object.fromEntries(kept) as Record<string, string>;
}

function cut(text: string): string {
  const bytes = new TextEncoder().encode(text.replaceAll('\0', ''));
  let end = Math.min(bytes.length, MAX_BYTES);
  while (end > 0 && end < bytes.length && isContinuation(bytes[end]!)) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/** A byte within a character of UTF-8. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
