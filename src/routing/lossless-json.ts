/** What JSON holds; an integer that a double would round is a bigint. */
export type JsonValue =
  string | number | bigint | boolean | null | JsonValue[] | { [name: string]: JsonValue };

const MAY_BE_ROUNDED = /\d{16}/;
const STRINGS_AND_NUMBERS = /"[^"\\]*(?:\\[^][^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** Throws SyntaxError. */
export function parseJson(text: string): JsonValue {
  if (!MAY_BE_ROUNDED.test(text)) return JSON.parse(text) as JsonValue;
  // Every string is marked as one, and so can be told from an integer that was made a string.
  const marked = text.replace(STRINGS_AND_NUMBERS, (token) => {
    if (token.startsWith('"')) return `"s${token.slice(1)}`;
    return isRounded(token) ? `"n${token}"` : token;
  });
  return unmarked(JSON.parse(marked) as JsonValue);
}

function isRounded(number: string): boolean {
  return /^-?\d+$/.test(number) && !Number.isSafeInteger(Number(number));
}

function unmarked(value: JsonValue): JsonValue {
  if (typeof value === 'string') {
    return value.startsWith('s') ? value.slice(1) : BigInt(value.slice(1));
  }
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.slice(1), unmarked(inner)]),
  );
}

/**
 * As JSON.stringify, and bigints as integers. undefined where JSON has nothing to say of the value.
 * Throws TypeError on a cycle.
 */
export function jsonText(value: unknown): string | undefined {
  let hasBigint = false;
  const text = JSON.stringify(value, (_name, inner: unknown) => {
    if (typeof inner !== 'bigint') return inner;
    hasBigint = true;
    return null;
  });
  return hasBigint ? textWithBigints(value) : text;
}

function textWithBigints(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return textWithBigints(value.toJSON());
  }
  if (Array.isArray(value)) {
    return `[${value.map((inner) => textWithBigints(inner) ?? 'null').join()}]`;
  }
  const members = Object.entries(value).flatMap(([name, inner]) => {
    const text = textWithBigints(inner);
    return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
  });
  return `{${members.join()}}`;
}
