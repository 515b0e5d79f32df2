import { type Connection, ownSession, query } from './connection.ts';

export type SessionState = {
  /** As pg_stat_ssl has it: `TLSv1.3`; null without TLS. */
  readonly tls: string | null;
  /** Whether a pooler gives each transaction whatever session is free. */
  readonly pooled: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly serverTimeMs: number;
};

export async function readSession(connection: Connection): Promise<SessionState> {
  const [row] = await query<{ tls: string | null; server_time_ms: number }>(
    connection,
    `select (select version from pg_stat_ssl where pid = pg_backend_pid() and ssl) as tls,
            extract(epoch from clock_timestamp())::float8 * 1000 as server_time_ms`,
  );
  return {
    tls: row!.tls,
    pooled: (await ownSession(connection)) === null,
    serverTimeMs: row!.server_time_ms,
  };
}
