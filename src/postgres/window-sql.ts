import { type Connection, query } from './connection.ts';
import { PEEK_SETTINGS } from './session-settings.ts';
import { begin } from './statements.ts';

/** Starts the transaction that a window is read in, under the settings its text needs. */
export async function beginWindow(connection: Connection): Promise<void> {
  await begin(connection, PEEK_SETTINGS);
}

export async function endWindow(connection: Connection): Promise<void> {
  await query(connection, 'commit');
}
