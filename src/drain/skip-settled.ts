import { type Lsn, minLsn } from '../pgoutput/lsn.ts';
import type { WindowReader } from './window.ts';

/** Below this, reading costs no more than skipping. */
const WORTH_BYTES = 16n << 20n;
/** One step: so that a stop is heard in between. */
const STEP_BYTES = 256n << 20n;

/**
 * While an endpoint keeps the slot, those that take events have settled what comes first. The server
 * passes over WAL several times as fast as it decodes it. Only a reader with a slot of its own can.
 * Returns where the next window starts.
 */
export async function skipSettled(
  reader: WindowReader,
  settledBefore: Lsn | null,
  stop: AbortSignal,
): Promise<Lsn> {
  let at = await reader.position();
  if (settledBefore === null || !reader.readsAhead) return at;
  while (settledBefore - at > WORTH_BYTES && !stop.aborted) {
    await reader.skipTo(minLsn(settledBefore, (at + STEP_BYTES) as Lsn));
    const reached = await reader.position();
    if (reached <= at) return at;
    at = reached;
  }
  return at;
}
