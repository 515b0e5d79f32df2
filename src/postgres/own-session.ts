import type { Client, QueryResult, QueryResultRow } from 'pg';
import { OWN_SESSION_SETTINGS, PIN } from './session-settings.ts';

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

type KnownSession = { readonly own: OwnSession | null; readonly inRecovery: boolean };

const sessions = new WeakMap<object, KnownSession>();

type SessionRow = {
  readonly in_recovery: boolean;
  readonly pid: number | null;
  readonly started_at: string | null;
};

/**
 * Finds out whether the session is the connection's own, and only then sets anything in it: behind a
 * pooler that gives each transaction whatever session is free, it would be the next client's.
 *
 * What is looked at is nothing that such a pooler could get right by giving the same session each
 * time. The session has to have the process id that the connection was told at its start, which a
 * pooler makes up, for it has not chosen a session by then; and it has to be no older than the
 * connection, which a pooled one is, even where the number should be the same by chance.
 *
 * The text is one transaction, in which names are looked up in pg_catalog alone.
 */
export async function beginSession(connection: Client, start: SessionStart): Promise<void> {
  const told = (connection as { processID?: number | null }).processID ?? null;
  const ageMs = Math.ceil(performance.now() - start.began) + CLOCK_TOLERANCE_MS;
  const [row] = await lastRows<SessionRow>(
    connection,
    `${transactionStart('read committed').join('; ')};
     select pg_is_in_recovery() as in_recovery, own.pid,
            to_json(own.backend_start) #>> '{}' as started_at,
            case when own.pid is not null then (${SET_FOR_SESSION}) end,
            ${setTimeout('statement_timeout', start.statementTimeoutMs)},
            ${setTimeout('lock_timeout', start.lockTimeoutMs)}
     from (select) as one
     left join pg_stat_activity own on own.pid = pg_backend_pid() and own.pid = ${told}::int
       and clock_timestamp() - own.backend_start <= make_interval(secs => ${ageMs}::float8 / 1000)`,
  );
  const { in_recovery: inRecovery, pid, started_at: startedAt } = row!;
  const own = pid === null || startedAt === null ? null : { pid, startedAt };
  sessions.set(connection, { own, inRecovery });
}

/** null where a pooler stands between: the session is nobody's own. */
export function ownSession(connection: object): OwnSession | null {
  return sessions.get(connection)?.own ?? null;
}

/**
 * The statements that a transaction has to begin with: none in a session of one's own, which has been
 * told once. Behind a pooler each transaction has to be told, for it may be in any session.
 */
export function startOfTransaction(connection: object): readonly string[] {
  return ownSession(connection) === null ? transactionStart(transactionMode(connection)) : [];
}

/** Of a BEGIN. A server that replays another's WAL takes no transaction that might write. */
export function transactionMode(connection: object): string {
  const inRecovery = sessions.get(connection)?.inRecovery ?? false;
  return inRecovery ? 'read committed' : 'read committed, read write';
}

/** The mode comes first: the server refuses it after a query. */
function transactionStart(mode: string): readonly string[] {
  return [`set transaction isolation level ${mode}`, PIN];
}

const SET_FOR_SESSION = `select count(set_config(name, value, false)) from (values
  ${Object.entries(OWN_SESSION_SETTINGS)
    .map(([name, value]) => `('${name}', '${value}')`)
    .join(', ')}) as setting (name, value)
  where current_setting(name, true) is not null`;

function setTimeout(name: string, milliseconds: number | undefined): string {
  if (milliseconds === undefined) return 'null';
  return `case when own.pid is not null then set_config('${name}', '${milliseconds}', false) end`;
}

async function lastRows<Row extends QueryResultRow>(
  connection: Client,
  text: string,
): Promise<readonly Row[]> {
  const results: QueryResult<Row> | QueryResult<Row>[] = await connection.query<Row>(text);
  // Several statements in one text come back as an array, which the types do not tell.
  return [results].flat().at(-1)!.rows;
}
