import { type Lsn, sortableLsn } from '../pgoutput/lsn.ts';

/**
 * Where an event stands: its transaction's commit LSN, and its index among the transaction's events,
 * from 0. Totally ordered. A non-transactional logical message stands at (its record's last byte, 0).
 */
export type Position = { readonly commitLsn: Lsn; readonly seq: number };

/** Before every event of the transactions that commit at or after `lsn`. */
export function positionBefore(lsn: Lsn): Position {
  return { commitLsn: lsn, seq: -1 };
}

export function comparePositions(a: Position, b: Position): number {
  if (a.commitLsn !== b.commitLsn) return a.commitLsn < b.commitLsn ? -1 : 1;
  return a.seq - b.seq;
}

/** 16 hexadecimal digits, a hyphen, 8 more: sorts as text in commit order. */
export function eventId(position: Position): string {
  return `${sortableLsn(position.commitLsn)}-${position.seq.toString(16).toUpperCase().padStart(8, '0')}`;
}
