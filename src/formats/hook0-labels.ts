const MAX_BYTES = 50;

export type Hook0Labels = Readonly<Record<string, string>>;

/**
 * A row's own labels, whole: one that is cut may be another's, and choose the wrong subscription. What
 * is too long for Hook0 its sink refuses. Empty where the text is no JSON object.
 */
export function labelsOf(json: string): Hook0Labels {
  return texts(entriesOf(json), (text) => text);
}

/** A row's metadata, which nobody chooses by: cut to what Hook0 takes. */
export function metadataOf(json: string): Hook0Labels {
  return cutLabels(entriesOf(json));
}

/** Key and value cut to 50 bytes, between two characters. */
export function cutLabels(entries: Entries): Hook0Labels {
  return texts(entries, cut);
}

type Entries = readonly (readonly [string, unknown])[];

/** What is empty, or no text, is left out; a null character is too, for Hook0 cannot store one. */
function texts(entries: Entries, fit: (text: string) => string): Hook0Labels {
  const clean = (text: string): string => fit(text.replaceAll('\0', ''));
  const kept = entries
    .flatMap(([key, value]) => (typeof value === 'string' ? [[clean(key), clean(value)]] : []))
    .filter(([key, value]) => key !== '' && value !== '');
  return Object.fromEntries(kept) as Record<string, string>;
}

function entriesOf(json: string): Entries {
  const value = parse(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value);
}

function cut(text: string): string {
  const bytes = new TextEncoder().encode(text);
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
