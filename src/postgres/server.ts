import type { SlotIdentity } from '../drain/state-store.ts';
import { type Lsn, parseLsn } from '../pgoutput/lsn.ts';
import { type Connection, query } from './connection.ts';
import { sqlState } from './failure.ts';
import { FLUSHED_LSN } from './slot.ts';

export type ServerState = {
  readonly database: string;
  readonly versionNumber: number;
  readonly walLevel: string;
  readonly inRecovery: boolean;
  readonly flushedLsn: Lsn;
  readonly serverEncoding: string;
  /** Some collation takes different texts for equal. */
  readonly hasLooseCollations: boolean;
};

export async function readServer(connection: Connection): Promise<ServerState> {
  const [row] = await query<{
    database: string;
    version_number: string;
    wal_level: string;
    in_recovery: boolean;
    flushed: string | null;
    server_encoding: string;
    loose_collations: boolean;
  }>(
    connection,
    `select current_database() as database, current_setting('server_version_num') as version_number,
            current_setting('wal_level') as wal_level, pg_is_in_recovery() as in_recovery,
            (${FLUSHED_LSN})::text as flushed, current_setting('server_encoding') as server_encoding,
            exists (select from pg_catalog.pg_collation where not collisdeterministic)
              as loose_collations`,
  );
  return {
    database: row!.database,
    versionNumber: Number(row!.version_number),
    walLevel: row!.wal_level,
    inRecovery: row!.in_recovery,
    flushedLsn: parseLsn(row!.flushed ?? '0/0'),
    serverEncoding: row!.server_encoding,
    hasLooseCollations: row!.loose_collations,
  };
}

/** What a slot is known by beside its name: the cluster, its timeline, and the publication it reads. */
export async function readIdentity(
  connection: Connection,
  publication: string,
): Promise<SlotIdentity> {
  const publicationOid = await readPublicationOid(connection, publication);
  return { ...(await readCluster(connection)), publicationOid };
}

async function readPublicationOid(connection: Connection, name: string): Promise<number | null> {
  const [row] = await query<{ oid: string }>(
    connection,
    'select oid::text from pg_publication where pubname = $1',
    [name],
  );
  return row === undefined ? null : Number(row.oid);
}

/**
 * The control file's timeline is as old as the last checkpoint; on a primary the name of the current
 * WAL file tells it at once.
 */
async function readCluster(
  connection: Connection,
): Promise<Pick<SlotIdentity, 'systemIdentifier' | 'timeline'>> {
  try {
    const [row] = await query<{ system: string; timeline: number }>(
      connection,
      `select (select system_identifier::text from pg_control_system()) as system,
              case when pg_is_in_recovery() then (select timeline_id from pg_control_checkpoint())
                   else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
              end as timeline`,
    );
    return { systemIdentifier: row!.system, timeline: row!.timeline };
  } catch (error) {
    // A provider may keep the control file to itself: then only the slot's position tells.
    if (sqlState(error) === '42501') return { systemIdentifier: null, timeline: null };
    throw error;
  }
}
