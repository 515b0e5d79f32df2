import type { StateDatabase } from './state-database.ts';

/** Undoes a transaction that was only to show whether it can be done. */
class Undone extends Error {}

/** Does the work and takes it back: throws what it would throw, rights above all. */
export async function rehearse(
  state: StateDatabase,
  work: (state: StateDatabase) => Promise<unknown>,
): Promise<void> {
  try {
    await state.db.transaction(async (transaction) => {
      await work({ ...state, db: transaction });
      throw new Undone();
    });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
  }
}
