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

/** The server and its driver have codes; what has none was thrown while its answer was read. */
export function unlessDamaged(error: Error): Error {
  const isOfReading =
    error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError;
  if (!isOfReading || error instanceof WalhookError || 'code' in error) return error;
  const what = `a value in the state tables cannot be read (${error.message.slice(0, 200)})`;
  return new WalhookError('state_damaged', what, { cause: error });
}
