import type { z } from 'zod';
import type { Problem } from './config-error.ts';
import type { Draft } from './draft.ts';
import { findOption, formatPath, type OptionNode, type OptionPath } from './option-tree.ts';
import { mask, maskUrl } from './redact.ts';
import { closest } from './suggestion.ts';

/** What the schema found wrong, in the words of the options it concerns, no secret shown. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], draft: Draft): Problem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => unknownOption(name, issue.path, draft))
      : [wrongValue(issue, draft)],
  );
}

function wrongValue(issue: z.core.$ZodIssue, draft: Draft): Problem {
  const { path } = issue;
  const origin = draft.originOf(path);
  const note = nearestNote(path);
  const said = issue.code === 'custom' ? issue.message : undefined;
  return {
    path: formatPath(path),
    variable: draft.variableOf(path),
    got: shown(origin?.text ?? draft.get(path), path),
    wants: origin?.wants ?? said ?? note?.wants ?? groupWants(path),
  };
}

function unknownOption(name: string, path: OptionPath, draft: Draft): Problem {
  const place = [...path, name];
  const known = knownNames(path, draft);
  const meant = closest(name, known);
  return {
    path: formatPath(place),
    variable: draft.variableOf(place),
    got: 'an unknown option',
    wants:
      meant === undefined
        ? `one of ${known.join(', ')}`
        : `one that exists: did you mean ${meant}?`,
  };
}

/** The options of a group; of a group with variants, those of the variant that it says it is. */
function knownNames(path: OptionPath, draft: Draft): string[] {
  const type = draft.get([...path, 'type']);
  return [...(findOption(path)?.options ?? [])]
    .filter(([, { variants }]) => variants === null || variants.includes(String(type)))
    .map(([name]) => name);
}

/** Of the option itself, or of the list or map that it stands in. */
function nearestNote(path: OptionPath) {
  const node = findOption(path);
  if (node?.note !== undefined || isGroupNode(node)) return node?.note;
  return findOption(path.slice(0, -1))?.note;
}

function groupWants(path: OptionPath): string {
  const names = [...(findOption(path)?.options.keys() ?? [])];
  return names.length > 0 ? `a group of ${names.join(', ')}` : 'a valid value';
}

function isGroupNode(node: OptionNode | undefined): boolean {
  return node?.kind === 'object' || node?.kind === 'objects';
}

function shown(value: unknown, path: OptionPath): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a group of options';
  if (typeof value === 'function') return 'a function';
  return typeof value === 'string' ? shownText(value, path) : shownScalar(value, path);
}

function shownText(text: string, path: OptionPath): string {
  const secrecy = secrecyOf(path);
  if (secrecy === 'none') return JSON.stringify(shortened(text));
  // Without a scheme there is no telling which part of it would be the password.
  if (secrecy === 'url' && text.includes('://')) return JSON.stringify(shortened(maskUrl(text)));
  return text === '' ? '""' : `${mask} (${text.length} characters)`;
}

function shownScalar(value: unknown, path: OptionPath): string {
  return secrecyOf(path) === 'none' ? String(value) : `${mask} (a ${typeof value})`;
}

/** Text in the place of a group may hold the secrets that belong in it. */
function secrecyOf(path: OptionPath): 'none' | 'url' | 'whole' {
  const node = findOption(path);
  if (node === undefined || isGroupNode(node) || path.at(-2) === 'headers') return 'whole';
  return node.note?.secret ?? 'none';
}

function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
