import { WalhookError } from '../errors/walhook-error.ts';

/** NAMEDATALEN - 1: a longer name is cut by the server, and two of them may become one. */
const MAX_BYTES = 63;

/**
 * Any name that Postgres takes, whatever quoting it needs. Throws WalhookError config_invalid.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
 */
export function checkSchemaName(name: string): void {
  const problem = findProblem(name);
  if (problem === null) return;
  throw new WalhookError('config_invalid', `state.schema ${problem}.`, {
    detail: JSON.stringify(name),
  });
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function findProblem(name: string): string | null {
  if (name === '') return 'is empty';
  if (name.includes('\0')) return 'contains a null character';
  if (new TextEncoder().encode(name).length > MAX_BYTES) {
    return `is longer than ${MAX_BYTES} bytes`;
  }
  if (name.startsWith('pg_')) return 'begins with pg_, which Postgres keeps for itself';
  // The state schema is never delivered, so its tables must not lie among the application's.
  if (name === 'public' || name === 'information_schema') return 'has to be a schema of its own';
  return null;
}
