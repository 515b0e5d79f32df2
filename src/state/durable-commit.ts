import { sql } from 'drizzle-orm';

/**
 * In a statement's select list: its commit waits for the disk, also where the role or the database
 * is set not to. Otherwise a crash of the server could take a dead letter back after the slot has
 * moved past its event, or an announcement after the slot has moved up to it.
 * @see https://www.postgresql.org/docs/current/wal-async-commit.html
 */
export const DURABLY = sql`case current_setting('synchronous_commit')
  when 'off' then set_config('synchronous_commit', 'on', true) end`;
