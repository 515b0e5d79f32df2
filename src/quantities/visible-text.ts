/**
 * What moves a cursor, ends a line, turns the direction of the text or shows as nothing: control
 * characters (C0, DEL, C1), marks of direction, separators of lines, characters without a width, tags,
 * halves of a character.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * One line that says what a text of others holds, and does nothing else: what would not be seen is
 * written as in JSON, `\u001b`. JSON stays JSON by it, with the same value. A second time changes nothing.
 */
export function visibleLine(text: string): string {
  // Most text has none, and is not copied.
  return isPlain(text) ? text : text.replaceAll(INVISIBLE, escaped);
}

/** The same, of a text of several lines. */
export function visibleText(text: string): string {
  return isPlain(text)
    ? text
    : text.replaceAll(INVISIBLE, (found) => (found === '\n' ? found : escaped(found)));
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const hex = character.charCodeAt(index).toString(16).padStart(4, '0');
    return SHORT[character] ?? `\\u${hex}`;
  }).join('');
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
