/** Where a value stands in the text. */
export type JsonSlice = { readonly start: number; readonly end: number };

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/**
 * The members of a JSON object by name, each value as it stands: what is passed on need not be parsed
 * and printed again. Of a name that comes twice the last counts, as for JSON.parse. Takes valid JSON.
 */
export function jsonMembers(json: Uint8Array): Map<string, JsonSlice> {
  const members = new Map<string, JsonSlice>();
  const decoder = new TextDecoder();
  let at = afterSpace(json, afterSpace(json, 0) + 1);
  while (at < json.length && json[at] !== CLOSE_BRACE) {
    const nameEnd = endOfString(json, at);
    const name = JSON.parse(decoder.decode(json.subarray(at, nameEnd))) as string;
    const start = afterSpace(json, afterSpace(json, nameEnd) + 1);
    const end = endOfValue(json, start);
    members.set(name, { start, end });
    at = afterSpace(json, end);
    if (json[at] === COMMA) at = afterSpace(json, at + 1);
  }
  return members;
}

function endOfValue(json: Uint8Array, start: number): number {
  if (json[start] === QUOTE) return endOfString(json, start);
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at]!;
    if (byte === QUOTE) {
      at = endOfString(json, at);
      continue;
    }
    const closes = byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
    // What encloses the value ends it, as does what parts it from the next.
    if (depth === 0 && (closes || byte === COMMA || byte <= SPACE)) return at;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    at++;
    if (closes && --depth === 0) return at;
  }
  return at;
}

function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function afterSpace(json: Uint8Array, start: number): number {
  let at = start;
  while (at < json.length && json[at]! <= SPACE) at++;
  return at;
}
