import { Buffer } from 'node:buffer';
import type { JsonNode } from './lossless-json.ts';

/** A type as the way back from JSON to Postgres' text needs it. */
export type TypeShape =
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'array'; readonly element: TypeShape; readonly delimiter: string }
  | { readonly kind: 'composite'; readonly fields: readonly { name: string; shape: TypeShape }[] };

/** The inverse of the value writers: text that Postgres reads the value from. Null for JSON's null. */
export function textLiteral(node: JsonNode, shape: TypeShape): string | null {
  if (shape.kind === 'scalar') return scalarLiteral(node, shape.name);
  if (node.kind === 'null') return null;
  if (shape.kind === 'array') {
    if (node.kind !== 'list') throw new Error(`no list: ${node.raw}`);
    return arrayLiteral(node.items, shape.element, shape.delimiter);
  }
  if (node.kind !== 'object') throw new Error(`no object: ${node.raw}`);
  const names = shape.fields.map((field) => field.name);
  if (names.join() !== [...node.fields.keys()].join()) throw new Error(`other names: ${node.raw}`);
  return compositeLiteral(
    shape.fields.map(({ name, shape: field }) => part(node.fields.get(name)!, field)),
  );
}

/** JSON has one null: in a list or an object, json's own cannot be told from Postgres'. */
function part(node: JsonNode, shape: TypeShape): string | null {
  return node.kind === 'null' ? null : textLiteral(node, shape);
}

function scalarLiteral(node: JsonNode, type: string): string | null {
  if (type === 'json' || type === 'jsonb') return node.raw;
  switch (node.kind) {
    case 'null':
      return null;
    case 'string':
      if (type === 'bytea') return `\\x${Buffer.from(node.value, 'base64').toString('hex')}`;
      if (type === 'timestamp' || type === 'timestamptz') return node.value.replace('T', ' ');
      return node.value;
    case 'list':
      return node.items.map((item) => item.raw).join(' ');
    case 'number':
    case 'boolean':
      return node.raw;
    case 'object':
      throw new Error(`an object where ${type} was expected: ${node.raw}`);
  }
}

/** Types whose one value may be a JSON list of its own: a list in a list is no second dimension. */
const WRITTEN_AS_LIST = new Set(['json', 'jsonb', 'int2vector', 'oidvector']);

export function mayBeList(shape: TypeShape): boolean {
  return shape.kind === 'array' || (shape.kind === 'scalar' && WRITTEN_AS_LIST.has(shape.name));
}

function arrayLiteral(items: readonly JsonNode[], element: TypeShape, delimiter: string): string {
  const texts = items.map((item) => {
    if (item.kind === 'list' && !mayBeList(element))
      return arrayLiteral(item.items, element, delimiter);
    return quotedElement(part(item, element));
  });
  return `{${texts.join(delimiter)}}`;
}

/** Always in quotes, which Postgres allows: simpler, and another way than the server's own. */
export function quotedElement(text: string | null): string {
  return text === null ? 'null' : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

export function compositeLiteral(fields: readonly (string | null)[]): string {
  return `(${fields.map((field) => (field === null ? '' : quotedElement(field))).join(',')})`;
}
