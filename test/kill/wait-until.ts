import type { TestDatabase } from '../support/database.ts';

/** Asks the server until the query returns a row: for what only another session brings about. */
export async function waitUntil(database: TestDatabase, query: string): Promise<void> {
  while ((await database.query(query)).length === 0);
}
