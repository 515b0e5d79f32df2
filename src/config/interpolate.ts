import type { Draft } from './draft.ts';
import { type Environment, readVariable } from './environment-variables.ts';
import { findOption, formatPath, type OptionPath } from './option-tree.ts';
import { isPlainObject } from './plain-object.ts';
import { valueOfText } from './variable-text.ts';

/** `${NAME}`; `$${NAME}` stands for the text `${NAME}`. */
const reference = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Copies a value into the draft with the values of the variables that its strings name, once: what
 * a variable holds is not read again. One that is not set, or empty, is a problem of the draft.
 */
export function interpolate(
  value: unknown,
  env: Environment,
  draft: Draft,
  path: OptionPath = [],
): unknown {
  if (typeof value === 'string') return interpolateText(value, env, draft, path);
  if (Array.isArray(value)) {
    return value.map((entry: unknown, index) => interpolate(entry, env, draft, [...path, index]));
  }
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      interpolate(entry, env, draft, [...path, name]),
    ]),
  );
}

function interpolateText(text: string, env: Environment, draft: Draft, path: OptionPath): unknown {
  const filled = text.replace(reference, (match, name: string) => {
    if (match.startsWith('$$')) return match.slice(1);
    draft.referredTo.add(name);
    const value = readVariable(env, name);
    if (value === undefined) {
      const wants = 'a value, for the configuration refers to it';
      draft.problems.push({ path: formatPath(path), variable: name, got: 'nothing', wants });
    }
    return value ?? '';
  });
  const only = /^\$\{(\w+)\}$/.exec(text)?.[1];
  if (only === undefined) return filled;
  draft.noteOrigin(path, { variable: only, text: filled });
  return valueOfText(findOption(path)?.kind, filled);
}
