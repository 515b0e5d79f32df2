import { type Connection, query } from './connection.ts';
import { PEEK_SETTINGS } from './session-settings.ts';

/** Starts the transaction that a window is read in, under the settings its text needs. */
export async function beginWindow(connection: Connection): Promise<void> {
  await query(connection, `begin; ${PEEK_SETTINGS}`);
}

export async function endWindow(connection: Connection): Promise<void> {
  await query(connection, 'commit');
}
