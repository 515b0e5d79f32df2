/** Where in the WAL a look at the catalog is: whatever it sees was committed before. */
export const LOOKED_AT = `(case when pg_catalog.pg_is_in_recovery()
  then pg_catalog.pg_last_wal_replay_lsn() else pg_catalog.pg_current_wal_insert_lsn() end)`;

/**
 * The oldest transaction whose changes of the catalog a slot may still need: to all that the slot will
 * send, what older ones did to the catalog has been done. Null where there is no such slot.
 */
export function catalogXmin(slot: string): string {
  return `(select s.catalog_xmin from pg_catalog.pg_replication_slots s where s.slot_name = ${slot}::name)`;
}

/**
 * Of a row's xmin. An age below zero is that of a row so old that its transaction id has been given out
 * again (frozen rows keep theirs): no row that can be seen is younger than the next transaction.
 */
export function isOlderThan(xmin: string): string {
  return `(pg_catalog.age(${xmin}) < 0
    or pg_catalog.age(${xmin}) > pg_catalog.age((select catalog_xmin from slot)))`;
}
