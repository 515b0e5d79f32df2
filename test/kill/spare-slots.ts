import type { TestDatabase } from '../support/database.ts';

/** Takes every free slot of a server, so that a drain has none for reading ahead. */
export async function takeSpareSlots(database: TestDatabase): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      await database.query(`select pg_create_physical_replication_slot('spare_${i}')`);
    } catch (error) {
      if (error instanceof Error && /slots are in use/.test(error.message)) return;
      throw error;
    }
  }
}

export async function freeSpareSlots(database: TestDatabase): Promise<void> {
  await database.query(
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots
     where slot_name like 'spare\\_%'`,
  );
}
