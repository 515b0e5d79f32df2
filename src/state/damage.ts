import { WalhookError } from '../errors/walhook-error.ts';

/** Where in the state tables a value stands. */
export type Place = { readonly table: string; readonly key: string; readonly column: string };

/** A value that is not as walhook writes it: what is in its place, and which row an operator has to mend. */
export function damaged(
  { table, key, column }: Place,
  what: string,
  cause?: unknown,
): WalhookError {
  return new WalhookError(
    'state_damaged',
    `the state table ${table} is damaged: ${column} of the row ${key} ${what}`,
    { detail: `${table}.${column}, ${key}`, cause },
  );
}

/** What a column is read as. Throws state_damaged where it cannot be. */
export function readColumn<T>(place: Place, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WalhookError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw damaged(place, `cannot be read (${said.slice(0, 200)})`, error);
  }
}

/** Throws state_damaged where JSON is of another shape. */
export function assertGroup(value: unknown, place: Place): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw damaged(place, 'holds JSON that is no object');
}

/** Throws state_damaged where JSON is no object of texts, as headers are. */
export function assertTexts(value: unknown, place: Place): void {
  assertGroup(value, place);
  if (Object.values(value as object).every((text) => typeof text === 'string')) return;
  throw damaged(place, 'holds something else than texts');
}

/** Throws state_damaged where JSON is no list of texts. */
export function assertTextList(value: unknown, place: Place): void {
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return;
  throw damaged(place, 'holds JSON that is no list of texts');
}

/** Deeper than anything that is written: to go through it might take more stack than there is. */
const DEEPEST = 100;

export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return true;
    level = level.filter(isGroup).flatMap((group) => Object.values(group));
  }
  return false;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
