import { type Connection, query } from './connection.ts';

export type OpenTransaction = {
  readonly kind: 'running' | 'prepared';
  /** The process id, or the name that a prepared transaction was given. */
  readonly id: string;
  readonly role: string;
  readonly database: string;
  readonly application: string;
  readonly ageMs: number;
};

/**
 * Transactions of any database that have written and not ended: decoding starts before the oldest of
 * them, and a new slot waits for all. The oldest first.
 */
export function openTransactions(
  connection: Connection,
  olderThanMs: number,
): Promise<readonly OpenTransaction[]> {
  return query<OpenTransaction>(
    connection,
    `select * from (
       select 'running' as kind, pid::text as id, coalesce(usename, '') as role,
              coalesce(datname, '') as database, application_name as application,
              extract(epoch from clock_timestamp() - xact_start)::float8 * 1000 as "ageMs"
       from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
       union all
       select 'prepared', gid, owner, database, '',
              extract(epoch from clock_timestamp() - prepared)::float8 * 1000
       from pg_prepared_xacts
     ) t where "ageMs" >= $1 order by "ageMs" desc`,
    [olderThanMs],
  );
}
