import { ConfigError } from './config-error.ts';
import { formatPath, type OptionPath } from './option-tree.ts';

/** No option stands deeper than a few levels; a list of endpoints and tables is not so long. */
const DEEPEST = 50;
const MOST_VALUES = 200_000;

/**
 * A copy of what a file or a caller gave, in plain objects and lists, so that nothing after it runs code
 * of others, goes round in circles or sinks too deep. Functions and what is no group of options stay as
 * they are. Throws ConfigError.
 */
export function plainCopy(value: unknown, source?: string): unknown {
  let values = 0;
  const refuse = (path: OptionPath, got: string, wants: string): never => {
    // The names on the way may be as many as what is wrong.
    throw new ConfigError([{ path: formatPath(path.slice(0, 3)), got, wants }], source);
  };
  const tooMany = (): never =>
    refuse([], `more than ${MOST_VALUES} values`, 'fewer; or aliases that unfold to fewer');
  const copy = (entry: unknown, path: OptionPath): unknown => {
    values += 1;
    if (values > MOST_VALUES) tooMany();
    if (typeof entry !== 'object' || entry === null) return entry;
    if (path.length > DEEPEST) {
      refuse(path, `groups in groups, over ${DEEPEST} deep`, 'none that are so deep, or circular');
    }
    const entries = read(entry);
    if (entries === 'throws') {
      return refuse(path, 'a value that throws an error when it is read', 'plain values');
    }
    if (entries === 'many') return tooMany();
    if (entries === 'opaque') return entry;
    if (entries.isList) return entries.of.map(([, each], index) => copy(each, [...path, index]));
    return Object.fromEntries(
      entries.of.map(([name, each]) => [name, copy(each, [...path, name])]),
    );
  };
  return copy(value, []);
}

type Entries = { readonly isList: boolean; readonly of: readonly (readonly [string, unknown])[] };

/** By itself, since a getter or a proxy may throw anything: its error may hold a secret. */
function read(value: object): Entries | 'opaque' | 'throws' | 'many' {
  try {
    const isList = Array.isArray(value);
    if (!isList && Object.prototype.toString.call(value) !== '[object Object]') return 'opaque';
    if (!isList) return { isList, of: entriesOf(value) };
    if (value.length > MOST_VALUES) return 'many';
    return { isList, of: Array.from(value, (each: unknown) => ['', each] as const) };
  } catch {
    return 'throws';
  }
}

/** Those of its class, too: a configuration may be an instance with getters. */
function entriesOf(value: object): [string, unknown][] {
  const entries = Object.entries(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return entries;
  if (Object.getPrototypeOf(prototype) === null) return entries;
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (get !== undefined) entries.push([name, Reflect.get(value, name)]);
  }
  return entries;
}
