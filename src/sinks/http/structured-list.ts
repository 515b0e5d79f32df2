export type ListItem = {
  /** A String or a Token of the specification, without quotes. */
  readonly name: string;
  /** Numbers as they are written; a String without quotes; empty where there is no value. */
  readonly params: ReadonlyMap<string, string>;
};

const STRING = String.raw`"(?:[^"\\]|\\["\\])*"`;
const TOKEN = String.raw`[A-Za-z*][\w!#$%&'*+.^\`|~:/-]*`;
const VALUE = String.raw`(?:${STRING}|:[A-Za-z0-9+/=]*:|\?[01]|-?\d+(?:\.\d+)?|${TOKEN})`;
const KEY = '[a-z*][a-z0-9_.*-]*';
const MEMBER = new RegExp(
  String.raw`[ \t]*(${STRING}|${TOKEN})((?:; *${KEY}(?:=${VALUE})?)*)[ \t]*(,|$)`,
  'y',
);
const PARAM = new RegExp(`; *(${KEY})(?:=(${VALUE}))?`, 'g');

/**
 * A List of Strings and Tokens with their parameters; null for what is none, which is to be ignored
 * as a whole. @see https://www.rfc-editor.org/rfc/rfc9651 (Structured Field Values for HTTP)
 */
export function parseList(text: string): ListItem[] | null {
  const items: ListItem[] = [];
  let at = 0;
  for (;;) {
    MEMBER.lastIndex = at;
    const member = MEMBER.exec(text);
    if (member === null) return null;
    const [whole, name, params, end] = member;
    items.push({ name: unquoted(name!), params: paramsOf(params!) });
    at += whole.length;
    if (end === '') return items;
  }
}

function paramsOf(text: string): ReadonlyMap<string, string> {
  const found = [...text.matchAll(PARAM)];
  return new Map(found.map(([, key, value]) => [key!, unquoted(value ?? '')]));
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
}
