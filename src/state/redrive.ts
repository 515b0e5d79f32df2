import { and, eq, sql } from 'drizzle-orm';
import type { RedriveOutcome, StoredDeadLetter } from '../drain/state-store.ts';
import { letterColumns, storedLetter } from './dead-letters.ts';
import { CLOCK } from './instants.ts';
import type { StateDatabase } from './state-database.ts';
import { storableTexts } from './storable-text.ts';

/**
 * The row stays locked, and there, until the endpoint has confirmed: a process that dies in between
 * leaves the letter as it was. One transaction, which a pooler in transaction mode keeps on one
 * session; no timeout of the role may end it while the endpoint takes its time.
 */
export function redriveDeadLetter(
  state: StateDatabase,
  pipeline: string,
  id: bigint,
  send: (letter: StoredDeadLetter) => Promise<RedriveOutcome>,
): Promise<RedriveOutcome | null> {
  const {
    db,
    tables: { deadLetters },
  } = state;
  return db.transaction(
    async (transaction) => {
      await transaction.execute(WITHOUT_TIMEOUTS);
      const [row] = await transaction
        .select(letterColumns(deadLetters))
        .from(deadLetters)
        .where(and(eq(deadLetters.pipeline, pipeline), eq(deadLetters.id, id)))
        .for('update', { skipLocked: true });
      if (row === undefined) return null;

      const outcome = await send(storedLetter(row));

      const letter = eq(deadLetters.id, id);
      if (outcome.kind === 'delivered') await transaction.delete(deadLetters).where(letter);
      else {
        const [detail, answerBody] = await storableTexts(state, [
          outcome.detail,
          outcome.answer?.body ?? null,
        ]);
        await transaction
          .update(deadLetters)
          .set({
            detail: detail!,
            attempts: sql`least(${deadLetters.attempts}, 2147483646) + 1`,
            lastAttemptAt: CLOCK,
            answerStatus: outcome.answer?.status ?? null,
            answerBody,
          })
          .where(letter);
      }
      return outcome;
    },
    // Under a stricter one, whoever looks at a row that another has just redriven would fail.
    { isolationLevel: 'read committed' },
  );
}

const WITHOUT_TIMEOUTS = sql`
  select set_config(name, '0', true) from pg_catalog.pg_settings
  where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')`;
