import { type ChangeEvent, keyHash, previousKeyHash } from '../changes/change-event.ts';
import type { RelationMark } from '../changes/relation-mark.ts';
import { KnownRelations } from './known-relations.ts';

export type Ordering = 'strict' | 'key' | 'none';

/** The lanes that an event has to pass in order: one, or several for a barrier. */
export type LaneAssignment = (event: ChangeEvent) => readonly number[];

/**
 * strict: one lane. key: the lane of the row's key, and barriers where an event touches rows of more
 * than one: a change of key touches two, a truncate or a logical message all, and so does the first
 * event of a relation that is described in another way than before. none: spread by place.
 */
export function laneAssignment(
  ordering: Ordering,
  laneCount: number,
  /** What an event is about, where that is not its row's key; null, as an answer: its key says it. */
  laneHash: ((event: ChangeEvent) => number | null) | null = null,
  /** Of the relations whose events stand in lanes already. */
  known: readonly RelationMark[] = [],
): LaneAssignment {
  const single = Array.from({ length: laneCount }, (_, lane): readonly number[] => [lane]);
  const all = single.map(([lane]) => lane!);
  const first = single[0]!;
  if (laneCount === 1 || ordering === 'strict') return () => first;
  if (ordering === 'none') {
    return (event) =>
      single[(event.seq + Number(event.transaction.commitLsn & 0xffffn)) % laneCount]!;
  }
  const laneOf = (hash: number): number => ((hash ^ (hash >>> 16)) >>> 0) % laneCount;
  const relations = new KnownRelations(known);
  return (event) => {
    if (event.op !== 'message' && event.relation !== null && relations.isOther(event.relation)) {
      return all;
    }
    const hash = laneHash === null ? null : laneHash(event);
    if (hash !== null) return single[laneOf(hash)]!;
    if (event.op === 'truncate' || event.op === 'message' || event.op === 'oversized') return all;
    // It may be about any row.
    if (event.relation.keyIsUnknown === true) return all;
    const lane = laneOf(keyHash(event));
    const previous = previousKeyHash(event);
    if (previous === null || laneOf(previous) === lane) return single[lane]!;
    return [laneOf(previous), lane];
  };
}
