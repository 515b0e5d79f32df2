import type { Lsn } from '../pgoutput/lsn.ts';
import type { OldTuple } from '../pgoutput/messages.ts';
import { NULL_VALUE, type Tuple, UNCHANGED_VALUE } from '../pgoutput/tuple.ts';
import type { KeyRule } from './key-rule.ts';
import type { Position } from './position.ts';
import { hashBytes, type RelationView } from './relation-view.ts';

/** What the events of one transaction share. */
export type Transaction = {
  /** null for a non-transactional logical message, which stands alone. */
  readonly xid: number | null;
  readonly commitLsn: Lsn;
  /** Microseconds since the Postgres epoch; null where the server gives no commit time. */
  readonly committedAt: bigint | null;
  /** First byte after the commit's record; there once all of the transaction has been read. */
  readonly endLsn?: Lsn | undefined;
};

type Place = {
  readonly transaction: Transaction;
  readonly seq: number;
  /** The record's own LSN in two halves: a bigint a row would cost more than the rest of decoding. */
  readonly lsnHigh: number;
  readonly lsnLow: number;
};

export type RowChange = Place & {
  readonly op: 'insert' | 'update' | 'delete';
  readonly relation: RelationView;
  readonly old: OldTuple | null;
  readonly new: Tuple | null;
  /** Has the key's columns, where a transform gave the change a key that its rows do not hold. */
  readonly key?: Tuple;
};

export type TableTruncation = Place & {
  readonly op: 'truncate';
  readonly relation: RelationView;
  readonly cascade: boolean;
  readonly restartIdentity: boolean;
  /** Ids of all the tables that the statement emptied, each of which has an event of its own. */
  readonly relationIds?: readonly number[];
};

export type EmittedMessage = Place & {
  readonly op: 'message';
  readonly prefix: string;
  readonly content: Uint8Array;
  readonly transactional: boolean;
};

/** A change whose bytes are over the bound: known by its place, never read. */
export type OversizedChange = Place & {
  readonly op: 'oversized';
  /** What it would have been, as far as its first bytes tell. */
  readonly originalOp: 'insert' | 'update' | 'delete' | 'message';
  readonly relation: RelationView | null;
  readonly sizeBytes: number;
};

export type ChangeEvent = RowChange | TableTruncation | EmittedMessage | OversizedChange;

export function positionOf(event: ChangeEvent): Position {
  return { commitLsn: event.transaction.commitLsn, seq: event.seq };
}

/**
 * The tuple that holds a key column's value: the new row, or the old one where the new one does not
 * have it (a delete; a TOASTed key that the update left alone).
 */
export function keyTuple(change: RowChange, column: number): Tuple {
  if (change.key !== undefined) return change.key;
  if (change.new !== null && change.new.bounds[column * 2] !== UNCHANGED_VALUE) return change.new;
  return change.old?.tuple ?? change.new!;
}

/**
 * The old tuple, where it holds the value of a column that the update left alone and the server did
 * not send with the new one: any column of a whole old row, the identity's of an old key. null: it
 * does not.
 */
export function oldTupleWith(change: RowChange, column: number): Tuple | null {
  const { old, relation } = change;
  if (old === null) return null;
  return old.kind === 'full' || relation.identityColumns.includes(column) ? old.tuple : null;
}

/** The tuple that holds a key column's value from before an update that changed the key. */
export function previousKeyTuple(change: RowChange, column: number): Tuple {
  const { old } = change;
  // An old tuple of kind `key` lacks the columns of a key that was configured by hand.
  const known = old?.kind === 'full' || change.relation.identityColumns.includes(column);
  return old !== null && known ? old.tuple : keyTuple(change, column);
}

/**
 * Hash of the row's key as it is after the change (before it, for a delete). Equal keys have one hash,
 * however they are written: see key-rule.ts.
 */
export function keyHash(change: RowChange): number {
  const { seed, keyColumns, keyRules } = change.relation;
  let hash = seed;
  for (let i = 0; i < keyColumns.length; i++) {
    const column = keyColumns[i]!;
    hash = hashColumn(hash, keyTuple(change, column), column, keyRules[i]!);
  }
  return hash;
}

/** Hash of the row's key before an update that changed it; null where it did not change. */
export function previousKeyHash(change: RowChange): number | null {
  if (!isKeyChanged(change)) return null;
  const { seed, keyColumns, keyRules } = change.relation;
  let hash = seed;
  for (let i = 0; i < keyColumns.length; i++) {
    const column = keyColumns[i]!;
    hash = hashColumn(hash, previousKeyTuple(change, column), column, keyRules[i]!);
  }
  return hash;
}

/**
 * Whether an update gave the row another key, or wrote it in another way: 1.0 that becomes 1.00 is one
 * value, and yet another text to whom identifies rows by it.
 */
export function isKeyChanged(change: RowChange): boolean {
  const { old, new: current } = change;
  if (change.op !== 'update' || old === null || current === null) return false;
  for (const column of change.relation.keyColumns) {
    const source = previousKeyTuple(change, column);
    if (source !== current && !sameValue(source, keyTuple(change, column), column)) return true;
  }
  return false;
}

const SEPARATOR = new Uint8Array([0x1f]);
const NULL_MARK = new Uint8Array([0x00]);
const ZERO = 0x30;
const MINUS = 0x2d;
const DOT = 0x2e;
const BLANK = 0x20;
const EXPONENT = 0x65; // 'e'

function hashColumn(hash: number, tuple: Tuple, column: number, rule: KeyRule): number {
  const { bytes, bounds } = tuple;
  const start = bounds[column * 2] ?? NULL_VALUE;
  const separated = hashBytes(hash, SEPARATOR, 0, 1);
  if (start < 0) return hashBytes(separated, NULL_MARK, 0, 1);
  const end = bounds[column * 2 + 1]!;
  switch (rule) {
    case 'text':
      return hashBytes(separated, bytes, start, end);
    case 'number':
      return hashNumber(separated, bytes, start, end);
    case 'padded':
      return hashBytes(separated, bytes, start, endWithout(BLANK, bytes, start, end));
    case 'unknown':
      return separated;
  }
}

/** Without the zeros that end a fraction, and without the sign of zero. */
function hashNumber(hash: number, bytes: Uint8Array, start: number, end: number): number {
  const shortEnd = endOfNumber(bytes, start, end);
  const isMinusZero = bytes[start] === MINUS && shortEnd === start + 2 && bytes[start + 1] === ZERO;
  return hashBytes(hash, bytes, isMinusZero ? start + 1 : start, shortEnd);
}

function endOfNumber(bytes: Uint8Array, start: number, end: number): number {
  let point = end;
  for (let i = start; i < end; i++) {
    if (bytes[i] === EXPONENT) return end;
    if (bytes[i] === DOT) point = i;
  }
  if (point === end) return end;
  const shortEnd = endWithout(ZERO, bytes, point, end);
  return shortEnd === point + 1 ? point : shortEnd;
}

function endWithout(last: number, bytes: Uint8Array, start: number, end: number): number {
  let shortEnd = end;
  while (shortEnd > start && bytes[shortEnd - 1] === last) shortEnd--;
  return shortEnd;
}

/** Whether both rows have the same text in a column, or both none. */
export function sameValue(a: Tuple, b: Tuple, column: number): boolean {
  const startA = a.bounds[column * 2] ?? NULL_VALUE;
  const startB = b.bounds[column * 2] ?? NULL_VALUE;
  if (startA < 0 || startB < 0) return startA === startB;
  const length = a.bounds[column * 2 + 1]! - startA;
  if (length !== b.bounds[column * 2 + 1]! - startB) return false;
  for (let i = 0; i < length; i++) {
    if (a.bytes[startA + i] !== b.bytes[startB + i]) return false;
  }
  return true;
}
