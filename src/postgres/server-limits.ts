import { type Connection, query } from './connection.ts';

export type ServerLimits = {
  readonly maxSlots: number;
  readonly usedSlots: number;
  readonly maxWalSenders: number;
  /** Bytes of WAL that a slot may keep; null: without a bound. */
  readonly maxSlotWalBytes: bigint | null;
  /** A slot that nobody reads for this long is lost; null: never, or a server before 18. */
  readonly idleSlotTimeoutMs: number | null;
};

export async function readLimits(connection: Connection): Promise<ServerLimits> {
  const [row] = await query<{
    max_slots: number;
    used_slots: number;
    max_wal_senders: number;
    keep_mb: string;
    idle_ms: number | null;
  }>(
    connection,
    `select current_setting('max_replication_slots')::int as max_slots,
            (select count(*)::int from pg_replication_slots) as used_slots,
            current_setting('max_wal_senders')::int as max_wal_senders,
            (select setting from pg_settings where name = 'max_slot_wal_keep_size') as keep_mb,
            (select extract(epoch from (setting || unit)::interval)::float8 * 1000
             from pg_settings where name = 'idle_replication_slot_timeout') as idle_ms`,
  );
  const keepMb = BigInt(row!.keep_mb);
  return {
    maxSlots: row!.max_slots,
    usedSlots: row!.used_slots,
    maxWalSenders: row!.max_wal_senders,
    maxSlotWalBytes: keepMb < 0n ? null : keepMb * 1_048_576n,
    idleSlotTimeoutMs: row!.idle_ms === null || row!.idle_ms === 0 ? null : row!.idle_ms,
  };
}
