/** JSON with its source text kept: JSON.parse would round big integers. */
export type JsonNode =
  | { readonly kind: 'null' | 'boolean' | 'number'; readonly raw: string }
  | { readonly kind: 'string'; readonly raw: string; readonly value: string }
  | { readonly kind: 'list'; readonly raw: string; readonly items: readonly JsonNode[] }
  | {
      readonly kind: 'object';
      readonly raw: string;
      readonly fields: ReadonlyMap<string, JsonNode>;
    };

const TOKEN = /[[\]{},:]|"(?:[^"\\]|\\.)*"|[^\s[\]{},:"]+/gy;
const WHITE_SPACE = /\s*/y;

/** Throws what JSON.parse throws when the text is not JSON. */
export function readJson(text: string): JsonNode {
  JSON.parse(text);
  let at = 0;

  function next(): string {
    WHITE_SPACE.lastIndex = at;
    WHITE_SPACE.exec(text);
    TOKEN.lastIndex = WHITE_SPACE.lastIndex;
    const token = TOKEN.exec(text)![0];
    at = TOKEN.lastIndex;
    return token;
  }

  function node(token: string): JsonNode {
    const start = at - token.length;
    if (token === '[') {
      const items: JsonNode[] = [];
      for (let item = next(); item !== ']'; item = next()) {
        if (item !== ',') items.push(node(item));
      }
      return { kind: 'list', raw: text.slice(start, at), items };
    }
    if (token === '{') {
      const fields = new Map<string, JsonNode>();
      for (let name = next(); name !== '}'; name = next()) {
        if (name === ',') continue;
        next();
        fields.set(JSON.parse(name) as string, node(next()));
      }
      return { kind: 'object', raw: text.slice(start, at), fields };
    }
    if (token.startsWith('"'))
      return { kind: 'string', raw: token, value: JSON.parse(token) as string };
    if (token === 'null') return { kind: 'null', raw: token };
    return { kind: token === 'true' || token === 'false' ? 'boolean' : 'number', raw: token };
  }

  return node(next());
}
