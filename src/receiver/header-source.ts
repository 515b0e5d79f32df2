type HeaderValue = string | readonly string[] | null | undefined;

/** Headers as they come: a `Headers`, a `Map`, Node's record; names in whatever case. */
export type HeaderSource =
  { get(name: string): string | null | undefined } | Readonly<Record<string, HeaderValue>>;

/** The header of that lower-case name; null where it is missing or empty. */
export function readHeader(headers: HeaderSource, name: string): string | null {
  const value = valueOf(headers, name);
  const text = typeof value === 'string' ? value : (value ?? []).join(' ');
  return text.trim() === '' ? null : text.trim();
}

function valueOf(headers: HeaderSource, name: string): HeaderValue {
  if (isIterable(headers)) return firstOf(headers, name);
  if (typeof headers.get === 'function') return headers.get(name);
  return firstOf(Object.entries(headers), name);
}

function firstOf(entries: Iterable<readonly [string, HeaderValue]>, wanted: string): HeaderValue {
  for (const [name, value] of entries) if (name.toLowerCase() === wanted) return value;
  return null;
}

/** A Map looks names up as they are written, so that it has to be gone through. */
function isIterable(headers: object): headers is Iterable<readonly [string, HeaderValue]> {
  return Symbol.iterator in headers;
}
