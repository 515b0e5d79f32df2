import { z } from 'zod';
import { oneOf, type OptionNote, optionNotes } from './option-notes.ts';
import { walhookSchema } from './schema.ts';

/** The schema as data: what the environment, the error messages and the documentation go by. */
export type OptionNode = {
  /** `list` is of texts, `objects` of groups of options. */
  readonly kind: 'text' | 'number' | 'flag' | 'list' | 'map' | 'object' | 'objects' | 'function';
  readonly note: OptionNote | undefined;
  readonly required: boolean;
  readonly fallback: unknown;
  readonly choices: readonly string[];
  /** The variants of the surrounding group that have it, by their type; null: it has no variants. */
  readonly variants: readonly string[] | null;
  /** By name, where it is a group. */
  readonly options: ReadonlyMap<string, OptionNode>;
  /** Of each element of a list, or of each entry of a map. */
  readonly element: OptionNode | null;
};

export type OptionPath = readonly PropertyKey[];

export type Option = { readonly path: readonly string[]; readonly node: OptionNode };

/** Stands for an index in the path of an Option. */
export const eachElement = '[]';

const plainNode: OptionNode = {
  kind: 'text',
  note: undefined,
  required: true,
  fallback: undefined,
  choices: [],
  variants: null,
  options: new Map(),
  element: null,
};

/** What stands in conditions, however deep. */
const anythingNode: OptionNode = {
  ...plainNode,
  get element() {
    return anythingNode;
  },
};

const optionTree: OptionNode = nodeOf(walhookSchema);

/** Every option that holds a value, in the order of the schema. */
export function listOptions(node = optionTree, path: readonly string[] = []): Option[] {
  if (node.kind === 'object') {
    return [...node.options].flatMap(([name, option]) => listOptions(option, [...path, name]));
  }
  if (node.kind === 'objects' && node.element) {
    return listOptions(node.element, [...path, eachElement]);
  }
  return [{ path, node }];
}

/** What the schema says of a place in a configuration, or undefined where it knows no such place. */
export function findOption(path: OptionPath): OptionNode | undefined {
  let node: OptionNode | undefined = optionTree;
  for (const step of path) {
    node = node.options.get(String(step)) ?? node.element ?? undefined;
    if (node === undefined) return undefined;
  }
  return node;
}

/** `endpoints[0].batch.maxEvents`, `keys["public.orders"]`. */
export function formatPath(path: OptionPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number' || step === eachElement) {
      text += step === eachElement ? step : `[${String(step)}]`;
    } else if (/^[A-Za-z_$][\w$]*$/.test(String(step))) {
      text += text === '' ? String(step) : `.${String(step)}`;
    } else {
      text += `[${JSON.stringify(String(step))}]`;
    }
  }
  return text;
}

function nodeOf(schema: z.core.$ZodType): OptionNode {
  const note = optionNotes.get(schema);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodDefault
  ) {
    const inner = nodeOf(schema.unwrap());
    const fallback = schema instanceof z.ZodDefault ? schema.def.defaultValue : inner.fallback;
    // A note may have been given before the default or after it.
    return { ...inner, note: note ?? inner.note, required: false, fallback };
  }
  if (schema instanceof z.ZodObject) {
    const options = Object.entries(schema.shape).map(([name, option]): [string, OptionNode] => [
      name,
      nodeOf(option),
    ]);
    return { ...plainNode, kind: 'object', note, options: new Map(options) };
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return { ...plainNode, kind: 'object', note, options: mergeVariants(schema) };
  }
  if (schema instanceof z.ZodArray) {
    const element = nodeOf(schema.element);
    const kind = element.kind === 'object' ? 'objects' : 'list';
    return { ...plainNode, kind, note, element };
  }
  if (schema instanceof z.ZodRecord) {
    return { ...plainNode, kind: 'map', note, element: nodeOf(schema.valueType) };
  }
  if (schema instanceof z.ZodNumber) return { ...plainNode, kind: 'number', note };
  if (schema instanceof z.ZodBoolean) return { ...plainNode, kind: 'flag', note };
  if (schema instanceof z.ZodEnum) {
    return { ...plainNode, note, choices: schema.options.map(String) };
  }
  if (schema instanceof z.ZodLiteral) {
    return { ...plainNode, note, choices: [...schema.values].map(String) };
  }
  if (schema instanceof z.ZodString) return { ...plainNode, note };
  if (schema instanceof z.ZodCustom && note?.holds === 'function') {
    return { ...plainNode, kind: 'function', note };
  }
  if (schema instanceof z.ZodCustom) {
    return { ...plainNode, kind: 'map', note, element: anythingNode };
  }
  throw new TypeError('The schema uses a kind of option that the tree cannot describe');
}

/** One group of all variants' options. An option of several variants is the same in each. */
function mergeVariants(union: z.ZodDiscriminatedUnion): Map<string, OptionNode> {
  const merged = new Map<string, OptionNode>();
  for (const variant of union.options) {
    const { options } = nodeOf(variant);
    const type = options.get('type')?.choices ?? [];
    for (const [name, option] of options) {
      const known = merged.get(name);
      const variants = [...(known?.variants ?? []), ...type];
      merged.set(name, name === 'type' ? typeNode(option, variants) : { ...option, variants });
    }
  }
  return merged;
}

function typeNode(option: OptionNode, types: readonly string[]): OptionNode {
  const note: OptionNote = { what: 'Which kind it is.', wants: oneOf(types) };
  return { ...option, note, choices: types, variants: types };
}
