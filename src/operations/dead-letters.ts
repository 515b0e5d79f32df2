import type { DeadLetterFilter, DeadLetterKey, StoredDeadLetter } from '../drain/state-store.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import type { PipelineAccess } from './pipeline.ts';

/** The latest first, and how many there are. Throws state_missing. */
export async function listDeadLetters(
  { pipeline, state }: PipelineAccess,
  filter: DeadLetterFilter,
  limit: number,
): Promise<{ readonly letters: readonly StoredDeadLetter[]; readonly total: number }> {
  const letters = await state.listDeadLetters(pipeline.name, filter, limit);
  const total =
    letters.length < limit
      ? letters.length
      : await state.countMatchingDeadLetters(pipeline.name, filter);
  return { letters, total };
}

/** With its content. Throws dead_letter_unknown. */
export async function showDeadLetter(
  { pipeline, state }: PipelineAccess,
  id: bigint,
): Promise<StoredDeadLetter> {
  const [letter] = await state.listDeadLetters(pipeline.name, { ids: [id] }, 1);
  if (letter === undefined) throw noSuchLetters([id]);
  return letter;
}

/**
 * Which letters a person means, the oldest first: by their positions. `limit` null: all. Throws
 * dead_letter_unknown where one that is named by its id alone is not there.
 */
export async function chooseDeadLetters(
  { pipeline, state }: PipelineAccess,
  filter: DeadLetterFilter,
  limit: number | null,
): Promise<readonly DeadLetterKey[]> {
  const found = await state.findDeadLetters(pipeline.name, filter);
  const { ids = [], ...others } = filter;
  if (Object.keys(others).length === 0) {
    const known = new Set(found.map(({ id }) => id));
    const missing = ids.filter((id) => !known.has(id));
    if (missing.length > 0) throw noSuchLetters(missing);
  }
  return limit === null ? found : found.slice(0, limit);
}

/** For good. How many were still there. */
export function discardDeadLetters(
  { pipeline, state }: PipelineAccess,
  letters: readonly DeadLetterKey[],
): Promise<number> {
  return state.discardDeadLetters(pipeline.name, { ids: letters.map(({ id }) => id) });
}

function noSuchLetters(ids: readonly bigint[]): WalhookError {
  const list = ids.join(', ');
  return new WalhookError('dead_letter_unknown', `there is no dead letter ${list}`, {
    detail: list,
  });
}
