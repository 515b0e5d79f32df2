import type { Client } from 'pg';

/** The server session behind a connection, where it is the connection's own. */
export type OwnSession = { readonly pid: number; readonly startedAt: string };

export type SessionStart = {
  readonly statementTimeoutMs: number | undefined;
  readonly lockTimeoutMs: number | undefined;
  /** performance.now() when the connection was begun. */
  readonly began: number;
};

/** The two clocks run at their own pace, and a server may be set right meanwhile. */
const CLOCK_TOLERANCE_MS = 100;

const sessions = new WeakMap<Client, OwnSession | null>();

/**
 * Finds out whether the session is the connection's own, and only then sets anything in it: behind a
 * pooler that gives each transaction whatever session is free, it would be the next client's.
 *
 * What is looked at is nothing that such a pooler could get right by giving the same session each
 * time. The session has to have the process id that the connection was told at its start, which a
 * pooler makes up, for it has not chosen a session by then; and it has to be no older than the
 * connection, which a pooled one is, even where the number should be the same by chance.
 */
export async function beginSession(connection: Client, start: SessionStart): Promise<void> {
  const told = (connection as { processID?: number | null }).processID ?? null;
  const ageMs = Math.ceil(performance.now() - start.began) + CLOCK_TOLERANCE_MS;
  const { rows } = await connection.query<{ pid: number; started_at: string }>(
    `select pid, to_json(backend_start) #>> '{}' as started_at,
            set_config('statement_timeout', coalesce($3, current_setting('statement_timeout')), false),
            set_config('lock_timeout', coalesce($4, current_setting('lock_timeout')), false)
     from pg_stat_activity
     where pid = pg_backend_pid() and pid = $1::int
       and clock_timestamp() - backend_start <= make_interval(secs => $2::float8 / 1000)`,
    [told, ageMs, textOf(start.statementTimeoutMs), textOf(start.lockTimeoutMs)],
  );
  const [row] = rows;
  sessions.set(connection, row === undefined ? null : { pid: row.pid, startedAt: row.started_at });
}

/** null where a pooler stands between: the session is nobody's own. */
export function ownSession(connection: Client): OwnSession | null {
  return sessions.get(connection) ?? null;
}

function textOf(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : String(milliseconds);
}
