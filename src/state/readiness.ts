import { WalhookError } from '../errors/walhook-error.ts';
import { MIGRATIONS } from './migrations.generated.ts';
import { driverError, sqlState, type StateDatabase } from './state-database.ts';

const UNDEFINED_COLUMN = '42703';

/** What a statement meets where there are no tables, or those of another version. */
const NOT_AS_EXPECTED: ReadonlySet<string | null> = new Set([
  '3F000', // invalid_schema_name
  '42P01', // undefined_table
  UNDEFINED_COLUMN,
]);

/** Throws state_missing or state_outdated, unless the tables are exactly those this code knows. */
export async function assertReady(state: StateDatabase): Promise<void> {
  const applied = await readApplied(state);
  refuseNewerTables(applied, state.schemaName);
  const missing = MIGRATIONS.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new WalhookError(
    'state_outdated',
    `The state tables are older than this version of walhook; missing: ${missing.join(', ')}.`,
    { detail: state.schemaName },
  );
}

/** Throws state_outdated where a later version of walhook has been at the tables. */
export function refuseNewerTables(applied: ReadonlySet<string>, schemaName: string): void {
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new WalhookError(
    'state_outdated',
    `The state tables are newer than this version of walhook; it does not know: ${unknown.join(', ')}.`,
    {
      detail: schemaName,
      remedy: 'Upgrade walhook to the version that made them, or a later one.',
    },
  );
}

/**
 * Does the work, and where it failed says in walhook's words whether the tables are why. Every
 * other failure comes through as the client threw it, for the client's owner to classify.
 */
export async function explaining<T>(state: StateDatabase, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (NOT_AS_EXPECTED.has(sqlState(error))) await assertReady(state);
    throw driverError(error);
  }
}

/** The names in the migrations table. Throws state_missing where there is none. */
export async function readApplied(state: StateDatabase): Promise<ReadonlySet<string>> {
  const { migrations } = state.tables;
  try {
    const rows = await state.db.select({ name: migrations.name }).from(migrations);
    return new Set(rows.map(({ name }) => name));
  } catch (error) {
    const code = sqlState(error);
    if (code === UNDEFINED_COLUMN) throw foreignTables(state, error);
    if (!NOT_AS_EXPECTED.has(code)) throw driverError(error);
    throw new WalhookError('state_missing', 'The state tables do not exist.', {
      detail: state.schemaName,
      cause: driverError(error),
    });
  }
}

export function foreignTables(state: StateDatabase, cause: unknown): WalhookError {
  return new WalhookError(
    'config_invalid',
    'state.schema holds tables of the same names that are not those of walhook.',
    {
      detail: state.schemaName,
      remedy: 'Choose another state.schema.',
      cause: driverError(cause),
    },
  );
}
