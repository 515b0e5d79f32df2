/**
 * Names by pattern: `*` stands for any run of characters within one name, names part at dots, and a
 * name in double quotes is taken as it is, dots and stars included (`"my.schema".*`).
 */

/** One name, or a pattern for it: `*` spans dots here. */
export function textPattern(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const expression = new RegExp(`^${pattern.split('*').map(escaped).join('[^]*')}$`);
  return (text) => expression.test(text);
}

/** `orders` is `public.orders`: a table without its schema is one in the schema public. */
export function tablePattern(pattern: string): (schema: string, table: string) => boolean {
  const parts = namesOf(pattern);
  const [schema, table] = parts.length === 1 ? [exactly('public'), parts[0]!] : parts;
  return (schemaName, tableName) => schema!(schemaName) && table!(tableName);
}

/** `email` is that column of any table; `users.email` and `public.users.email` of those. */
export function columnPattern(
  pattern: string,
): (schema: string, table: string, column: string) => boolean {
  const parts = namesOf(pattern);
  return (schema, table, column) => {
    const names = [schema, table, column].slice(-parts.length);
    return parts.every((matches, index) => matches(names[index]!));
  };
}

/** How many names a pattern is made of; null where its quotes do not close. */
export function countNames(pattern: string): number | null {
  const parts = pattern.match(PARTS);
  if (parts === null || parts.join('.') !== pattern) return null;
  return parts.length;
}

const PARTS = /"(?:[^"]|"")+"|[^".]+/g;

function namesOf(pattern: string): ((name: string) => boolean)[] {
  return (pattern.match(PARTS) ?? []).map((part) =>
    part.startsWith('"') ? exactly(part.slice(1, -1).replaceAll('""', '"')) : textPattern(part),
  );
}

function exactly(name: string): (other: string) => boolean {
  return (other) => other === name;
}

function escaped(text: string): string {
  return text.replace(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`);
}

/**
 * A list of patterns, of which those after a `!` take out. What is taken out stays out, in whatever
 * order; a list that only takes out begins with everything.
 */
export function patternList<Names extends readonly string[]>(
  patterns: readonly string[],
  compile: (pattern: string) => (...names: Names) => boolean,
): (...names: Names) => boolean {
  const out = patterns.filter(isNegated).map((pattern) => compile(pattern.slice(1)));
  const taken = patterns.filter((pattern) => !isNegated(pattern)).map(compile);
  const all = taken.length === 0 && out.length > 0;
  return (...names) =>
    (all || taken.some((matches) => matches(...names))) && !out.some((each) => each(...names));
}

function isNegated(pattern: string): boolean {
  return pattern.startsWith('!');
}
