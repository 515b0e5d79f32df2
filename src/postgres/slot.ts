import { escapeLiteral, type QueryResultRow } from 'pg';
import { WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn, parseLsn } from '../pgoutput/lsn.ts';
import { type Connection, query } from './connection.ts';
import { ENDS_WITH_ITS_CLIENT, UNTIMED } from './session-settings.ts';
import { queryTogether } from './statements.ts';

/** A row of pg_replication_slots, as far as this server's version has it. */
export type SlotState = {
  readonly name: string;
  readonly plugin: string | null;
  readonly database: string | null;
  readonly temporary: boolean;
  /** It gives prepared transactions before they are committed (PostgreSQL 15 and later). */
  readonly twoPhase: boolean;
  /** A standby's copy of a slot of its primary, which the standby keeps in step. */
  readonly synced: boolean;
  readonly activePid: number | null;
  readonly confirmedLsn: Lsn | null;
  readonly restartLsn: Lsn | null;
  /** reserved | extended | unreserved | lost */
  readonly walStatus: string | null;
  /** Bytes of WAL that may still be written before the slot can be lost; null for no bound. */
  readonly safeWalBytes: bigint | null;
  /** Why it cannot be read any more; null while it can. */
  readonly invalidationReason: string | null;
};

type SlotRow = {
  slot_name: string;
  plugin: string | null;
  database: string | null;
  temporary: boolean;
  two_phase: boolean;
  synced: boolean;
  active_pid: number | null;
  confirmed_flush_lsn: string | null;
  restart_lsn: string | null;
  wal_status: string | null;
  safe_wal_size: string | null;
  invalidation_reason: string | null;
};

/**
 * null where there is no slot of that name. Columns of later versions come from the row as json.
 * Version 16 calls any invalidated slot conflicting; only a standby's can be. pgoutput of version 14
 * gives no prepared transactions, whatever the slot says.
 */
export async function readSlot(connection: Connection, name: string): Promise<SlotState | null> {
  const [row] = await query<SlotRow>(
    connection,
    `select slot_name, plugin, database, temporary, active_pid, confirmed_flush_lsn::text,
            restart_lsn::text, wal_status, safe_wal_size::text,
            two_phase and current_setting('server_version_num')::int >= 150000 as two_phase,
            coalesce((to_json(s) ->> 'synced')::boolean, false) and pg_is_in_recovery() as synced,
            coalesce(
              to_json(s) ->> 'invalidation_reason',
              case when (to_json(s) ->> 'conflicting')::boolean and pg_is_in_recovery()
                   then 'conflicting' end,
              case when wal_status = 'lost' then 'wal_removed' end
            ) as invalidation_reason
     from pg_replication_slots s where slot_name = $1`,
    [name],
  );
  if (row === undefined) return null;
  return {
    name: row.slot_name,
    plugin: row.plugin,
    database: row.database,
    temporary: row.temporary,
    twoPhase: row.two_phase,
    synced: row.synced,
    activePid: row.active_pid,
    confirmedLsn: row.confirmed_flush_lsn === null ? null : parseLsn(row.confirmed_flush_lsn),
    restartLsn: row.restart_lsn === null ? null : parseLsn(row.restart_lsn),
    walStatus: row.wal_status,
    safeWalBytes: row.safe_wal_size === null ? null : BigInt(row.safe_wal_size),
    invalidationReason: row.invalidation_reason,
  };
}

/**
 * While a slot is made, which waits for every transaction under way, it stands in the list already,
 * without a position. Nothing else is so: what is made in vain is gone with its session.
 */
export function isBeingMade(
  slot: Pick<SlotState, 'plugin' | 'confirmedLsn' | 'activePid' | 'invalidationReason'>,
): boolean {
  const { plugin, confirmedLsn, activePid, invalidationReason } = slot;
  return (
    plugin !== null && confirmedLsn === null && activePid !== null && invalidationReason === null
  );
}

/** Throws slot_missing, slot_wrong_plugin, slot_wrong_database, slot_being_made, slot_lost. */
export function assertReadable(
  slot: SlotState | null,
  name: string,
  database: string,
): asserts slot is SlotState & { confirmedLsn: Lsn } {
  if (slot === null) {
    throw new WalhookError('slot_missing', `there is no replication slot named "${name}"`, {
      detail: name,
    });
  }
  if (slot.plugin === null) {
    throw new WalhookError(
      'slot_wrong_plugin',
      `the slot "${name}" is physical; walhook reads a logical one`,
      {
        detail: name,
      },
    );
  }
  if (slot.plugin !== 'pgoutput') {
    throw new WalhookError(
      'slot_wrong_plugin',
      `the slot "${name}" uses the plugin ${slot.plugin}; walhook reads pgoutput`,
      { detail: name },
    );
  }
  if (slot.database !== database) {
    throw new WalhookError(
      'slot_wrong_database',
      `the slot "${name}" belongs to the database "${slot.database}", this connection is to "${database}"`,
      { detail: name },
    );
  }
  if (isBeingMade(slot)) {
    throw new WalhookError(
      'slot_being_made',
      `the slot "${name}" is being made by the server process ${slot.activePid}, which waits for the transactions under way`,
      { detail: name },
    );
  }
  refuseKind(slot);
  if (slot.invalidationReason !== null || slot.confirmedLsn === null) {
    throw new WalhookError(
      'slot_lost',
      `the slot "${name}" cannot be read any more (${slot.invalidationReason ?? 'it has no position'}): ` +
        `what was committed after ${slot.confirmedLsn === null ? 'its creation' : formatLsn(slot.confirmedLsn)} is missing`,
      { detail: name },
    );
  }
}

/** Slots of pgoutput that cannot be drained all the same. */
function refuseKind({ name, temporary, twoPhase, synced, activePid }: SlotState): void {
  if (temporary) {
    throw new WalhookError(
      'slot_wrong_plugin',
      `the slot "${name}" is temporary: it belongs to the server process ${activePid}, and goes with it`,
      { detail: name, remedy: 'Choose another slot name, and let walhook init make the slot.' },
    );
  }
  if (twoPhase) {
    throw new WalhookError(
      'slot_wrong_plugin',
      `the slot "${name}" was made with two_phase: it gives prepared transactions before they are committed, and nothing takes an event back that was delivered`,
      {
        detail: name,
        remedy:
          `Make one without: while nothing is prepared (select gid from pg_prepared_xacts), ` +
          `select pg_copy_logical_replication_slot('${name}', '${`${name.slice(0, 58)}_copy`}') makes one that holds the same changes and gives prepared transactions when they are committed. ` +
          `Name it as the slot, run walhook init --adopt, and drop the old one.`,
      },
    );
  }
  if (synced) {
    throw new WalhookError(
      'slot_wrong_database',
      `the slot "${name}" is kept in step with its primary by this standby, and cannot be read here`,
      {
        detail: name,
        remedy: 'Drain the primary; after a failover, drain the server that was promoted.',
      },
    );
  }
}

export type CreateSlotOptions = { readonly failover: boolean };

/**
 * Creates a logical slot for pgoutput; where it stands. It waits for transactions under way, and is
 * not made any more once its client is gone: one that was made for nobody would hold WAL. Throws
 * WalhookError.
 */
export async function createSlot(
  connection: Connection,
  name: string,
  options: CreateSlotOptions,
): Promise<Lsn> {
  const failover = options.failover ? ', failover => true' : '';
  const row = await queryOf<{ lsn: string }>(
    connection,
    ENDS_WITH_ITS_CLIENT,
    `select lsn::text from pg_create_logical_replication_slot(${escapeLiteral(name)}, 'pgoutput'${failover})`,
  );
  return parseLsn(row!.lsn);
}

export async function dropSlot(connection: Connection, name: string): Promise<void> {
  await query(connection, 'select pg_drop_replication_slot($1)', [name]);
}

/**
 * Moves the slot forward to `to`; where it stands then, and how far the WAL is flushed. A slot that is
 * there already is left alone: Postgres refuses to move one backwards.
 */
export async function advanceSlot(
  connection: Connection,
  name: string,
  to: Lsn,
): Promise<{ readonly at: Lsn; readonly flushed: Lsn }> {
  const row = await queryOf<{ at: string; flushed: string }>(
    connection,
    UNTIMED,
    `select case when s.confirmed_flush_lsn < '${formatLsn(to)}'::pg_lsn
                 then (pg_replication_slot_advance(s.slot_name, '${formatLsn(to)}'::pg_lsn)).end_lsn
                 else s.confirmed_flush_lsn end::text as at,
            (${FLUSHED_LSN})::text as flushed
     from pg_replication_slots s where s.slot_name = ${escapeLiteral(name)}`,
  );
  if (row === undefined) {
    throw new WalhookError('slot_missing', `the slot "${name}" was dropped during the drain`, {
      detail: name,
    });
  }
  return { at: parseLsn(row.at), flushed: parseLsn(row.flushed) };
}

/**
 * The statement's only row, under settings of its own, whatever the role has: an advance reads all the
 * WAL on its way.
 */
async function queryOf<Row extends QueryResultRow>(
  connection: Connection,
  settings: string,
  statement: string,
): Promise<Row | undefined> {
  const [row] = await queryTogether<Row>(connection, [settings, statement]);
  return row;
}

/** How far the WAL can be read: what is flushed, on a standby what is replayed. */
export const FLUSHED_LSN = `case when pg_is_in_recovery()
  then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end`;
