export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** What becomes of an integer that a double cannot hold: beyond ±(2^53 - 1). */
export type LargeIntegers = 'bigint' | 'string' | 'number';

/**
 * `JSON.parse`, but no integer is rounded; with `number`, they are, as `JSON.parse` does it. Fractions
 * are doubles in any case.
 * @throws SyntaxError
 */
export function parseJson(text: string, largeIntegers: LargeIntegers): JsonValue {
  if (largeIntegers === 'number') return JSON.parse(text) as JsonValue;
  // Random, so that no document can hold a string that begins with it.
  const mark = `${crypto.randomUUID()}:`;
  const marked = markLargeIntegers(text, mark);
  // Mostly there is none, and a reviver costs several times the parsing.
  if (marked === text) return JSON.parse(text) as JsonValue;
  return JSON.parse(marked, (_name, value: JsonValue) => {
    if (typeof value !== 'string' || !value.startsWith(mark)) return value;
    const digits = value.slice(mark.length);
    return largeIntegers === 'bigint' ? BigInt(digits) : digits;
  }) as JsonValue;
}

/** Puts each large integer into quotes, behind the mark. What is no JSON stays none. */
function markLargeIntegers(text: string, mark: string): string {
  if (!/\d{16}/.test(text)) return text;
  let marked = '';
  let copied = 0;
  const stringOrNumber = /"|-?\d[\d.eE+-]*/g;
  for (;;) {
    const found = stringOrNumber.exec(text);
    if (found === null) return marked + text.slice(copied);
    const [token] = found;
    if (token === '"') {
      stringOrNumber.lastIndex = endOfString(text, found.index);
    } else if (isLargeInteger(token)) {
      marked += `${text.slice(copied, found.index)}"${mark}${token}"`;
      copied = stringOrNumber.lastIndex;
    }
  }
}

/** Behind the closing quote. By hand: a regular expression runs out of stack on a string of megabytes. */
function endOfString(text: string, opening: number): number {
  let at = opening;
  do at = text.indexOf('"', at + 1);
  while (at !== -1 && isEscaped(text, at));
  return at === -1 ? text.length : at + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function isLargeInteger(token: string): boolean {
  return /^-?(0|[1-9]\d*)$/.test(token) && !Number.isSafeInteger(Number(token));
}
