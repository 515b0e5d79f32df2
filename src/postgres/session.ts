import { type Connection, query } from './connection.ts';
import { type ConnectionSecurity, connectionSecurity } from './connection-security.ts';
import { ownSession } from './own-session.ts';

export type SessionState = ConnectionSecurity & {
  /** Whether a pooler gives each transaction whatever session is free. */
  readonly pooled: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly serverTimeMs: number;
};

export async function readSession(connection: Connection): Promise<SessionState> {
  const [row] = await query<{ server_time_ms: number }>(
    connection,
    'select extract(epoch from clock_timestamp())::float8 * 1000 as server_time_ms',
  );
  return {
    ...connectionSecurity(connection),
    pooled: ownSession(connection) === null,
    serverTimeMs: row!.server_time_ms,
  };
}
