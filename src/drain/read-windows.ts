import { type Lsn, maxLsn } from '../pgoutput/lsn.ts';
import { skipSettled } from './skip-settled.ts';
import { WindowFailure } from './unreadable.ts';
import {
  type OpenWindow,
  peekedEnd,
  type WindowBounds,
  type WindowChunk,
  type WindowCost,
  type WindowReader,
} from './window.ts';
import { NOTHING_REPEATED, type WindowGovernor } from './window-governor.ts';

export type WindowItem =
  | { readonly kind: 'chunk'; readonly chunk: WindowChunk }
  | {
      readonly kind: 'end';
      /** Up to where the window is complete, given how far its messages tell, and what it cost. */
      readonly ended: (completeThrough: Lsn | null) => WindowEnd;
    };

type WindowEnd = { readonly endLsn: Lsn; readonly cost: WindowCost };

/**
 * The slot's windows up to the target, piece by piece. A reader that does not read ahead starts each
 * window where the slot stands: if it did not move, because an endpoint holds it, the next window has
 * to reach beyond the last one to bring anything new to the others. `settledBefore`: before what
 * nobody wants anything now; that changes where somebody is put on hold, or left behind.
 */
export async function* readWindows(
  reader: WindowReader,
  governor: WindowGovernor,
  target: Lsn,
  settledBefore: () => Lsn | null,
  timeLeftMs: () => number,
  stop: AbortSignal,
): AsyncGenerator<WindowItem> {
  let reached: Lsn | null = null;
  let lastRows = 0;
  for (;;) {
    const from: Lsn = await skipSettled(reader, settledBefore(), stop);
    const newFrom: Lsn = reached === null ? from : maxLsn(from, reached);
    if (newFrom >= target || stop.aborted) return;
    const repeated =
      from < newFrom ? { changes: lastRows, bytes: newFrom - from } : NOTHING_REPEATED;
    const bounds: WindowBounds = governor.bounds(newFrom, target, repeated);
    const window = reader.open(bounds);
    yield* chunksOf(window, from, bounds.uptoLsn);
    governor.observe(window.decodedMs, timeLeftMs());
    const end: Lsn | null = reader.readsAhead ? await reader.position() : null;
    let peeked: Lsn | null = end;
    yield {
      kind: 'end',
      ended(completeThrough) {
        peeked = end ?? peekedEnd(bounds, window.rowCount, completeThrough);
        return windowEnd(window, from, peeked);
      },
    };
    reached = peeked ?? newFrom;
    lastRows = window.rowCount;
  }
}

/** A window that is all there is: it ends at its bound. */
export async function* readWindow(
  window: OpenWindow,
  { uptoLsn }: WindowBounds,
  from: Lsn,
): AsyncGenerator<WindowItem> {
  yield* chunksOf(window, from, uptoLsn);
  yield { kind: 'end', ended: () => windowEnd(window, from, uptoLsn) };
}

async function* chunksOf(window: OpenWindow, from: Lsn, uptoLsn: Lsn): AsyncGenerator<WindowItem> {
  try {
    for await (const chunk of window.chunks) yield { kind: 'chunk', chunk };
  } catch (error) {
    throw new WindowFailure(error, from, uptoLsn);
  }
}

function windowEnd({ rowCount, decodedMs }: OpenWindow, from: Lsn, endLsn: Lsn): WindowEnd {
  return { endLsn, cost: { changes: rowCount, walBytes: Number(endLsn - from), decodedMs } };
}
