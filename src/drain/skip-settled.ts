import { type Lsn, minLsn } from '../pgoutput/lsn.ts';
import type { WindowReader } from './window.ts';

/** Below this, reading costs no more than skipping. */
const WORTH_BYTES = 16n << 20n;
/** One step: so that a signal is heard in between. */
const STEP_BYTES = 256n << 20n;

/**
 * While an endpoint keeps the slot, those that take events have settled what comes first. The server
 * passes over WAL several times as fast as it decodes it. Only a reader with a slot of its own can.
 */
export async function skipSettled(
  reader: WindowReader,
  settledBefore: Lsn,
  isDue: () => boolean,
): Promise<void> {
  if (!reader.readsAhead) return;
  let at = await reader.position();
  while (settledBefore - at > WORTH_BYTES && !isDue()) {
    await reader.skipTo(minLsn(settledBefore, (at + STEP_BYTES) as Lsn));
    const reached = await reader.position();
    if (reached <= at) return;
    at = reached;
  }
}
