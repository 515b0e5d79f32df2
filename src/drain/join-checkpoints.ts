import { comparePositions } from '../changes/position.ts';
import { decodePositions, encodePositions } from './settled-ahead.ts';
import type { Checkpoint } from './state-store.ts';

/** What is settled by either of two checkpoints of one endpoint. */
export function joinCheckpoints(a: Checkpoint, b: Checkpoint): Checkpoint {
  const settled = comparePositions(a.settled, b.settled) > 0 ? a.settled : b.settled;
  const ahead = [a, b]
    .flatMap(({ settledAhead }) => decodePositions(settledAhead))
    .filter((position) => comparePositions(position, settled) > 0);
  return { endpoint: a.endpoint, settled, settledAhead: encodePositions(ahead) };
}
