/**
 * Milliseconds that Postgres alone takes to decode what a drain would read now: no drain over SQL
 * can be faster. The faster of two, for the first one finds the WAL out of the CPU's caches.
 */
export async function measureFloor(source) {
  return Math.min(await peek(source), await peek(source));
}

async function peek(source) {
  const startedAt = performance.now();
  await source.query(
    `select count(*)
     from pg_logical_slot_peek_binary_changes('walhook', pg_current_wal_flush_lsn(), null,
       'proto_version', '1', 'publication_names', 'walhook', 'messages', 'true')`,
  );
  return performance.now() - startedAt;
}
