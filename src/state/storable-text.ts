import type { StateDatabase } from './state-database.ts';

/** SQL_ASCII is none: it keeps the bytes that it is sent, and sends them back. */
const HOLDS_ANY_CHARACTER: ReadonlySet<string> = new Set(['UTF8', 'SQL_ASCII']);

/**
 * Texts as the database can hold them; null stays null. What somebody else wrote, an endpoint say, may
 * hold characters that are none there, and would fail the statement, with whatever else it writes.
 * No text holds a null character. In an encoding that does not hold all of Unicode, what is not ASCII
 * is escaped as in JSON: a JSON text means the same then.
 */
export async function storableTexts<T extends string | null>(
  { readEncoding }: Pick<StateDatabase, 'readEncoding'>,
  texts: readonly T[],
): Promise<T[]> {
  const escapes =
    texts.some((text) => text !== null && !isAscii(text)) &&
    !HOLDS_ANY_CHARACTER.has(await readEncoding());
  return texts.map((text) => (text === null ? null : storable(text, escapes)) as T);
}

export async function storableText(
  state: Pick<StateDatabase, 'readEncoding'>,
  text: string,
): Promise<string> {
  return (await storableTexts(state, [text]))[0]!;
}

function storable(text: string, escapes: boolean): string {
  const without = text.replaceAll('\0', '\uFFFD');
  return escapes ? without.replaceAll(NOT_ASCII, escaped) : without;
}

// Without the flag u: a character outside of the first plane is two escapes in JSON.
const NOT_ASCII = /[\u0080-\uffff]/g;

function isAscii(text: string): boolean {
  return text.search(NOT_ASCII) === -1;
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
