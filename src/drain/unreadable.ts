import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';

/** A transaction that stands in the way of all that committed after it. */
export type UnreadableTransaction = {
  /** Everything that commits before this can be read: the end of the record before the commit. */
  readonly readableTo: Lsn;
  readonly commitLsn: Lsn;
  /** Where its first change stands; null where that is not known, as with all that follows. */
  readonly beginLsn: Lsn | null;
  readonly xid: number | null;
  /** The change that cannot be read. */
  readonly changeLsn: Lsn | null;
  /** `schema.table` of that change, or, where it is not known which that is, of all of them. */
  readonly tables: readonly string[];
  readonly error: WalhookError;
};

/**
 * What the server says where it cannot output a change, and where it refuses a read as such: only a
 * read that reaches no transaction tells the two apart. No lost connections, no slots in use.
 */
export function mayBeUnreadable(error: unknown): error is WalhookError {
  return (
    isWalhookError(error, 'database_query_failed') || isWalhookError(error, 'privilege_missing')
  );
}

export type FoundTransaction = Omit<UnreadableTransaction, 'error'>;

/** Names the transaction, what the server said, and the ways on. */
export function transactionUnreadable(found: FoundTransaction, error: WalhookError): WalhookError {
  const at = formatLsn(found.commitLsn);
  const state = error.detail === undefined ? '' : ` (${error.detail})`;
  return new WalhookError(
    'transaction_unreadable',
    `the server cannot output ${describeTransaction(found)}: ${error.message}${state}`,
    {
      detail: at,
      remedy: `Mend what the server names, or pass over this one transaction, which no endpoint gets then: walhook skip --to ${at}`,
      cause: error,
    },
  );
}

/** `the transaction 0/1A2B3C8 to 0/1A2B4F0 (xid 759) of public.t`. */
export function describeTransaction(found: FoundTransaction): string {
  const { beginLsn, commitLsn, xid, changeLsn, tables } = found;
  const from = beginLsn === null ? 'that committed at' : `from ${formatLsn(beginLsn)} to`;
  const change = changeLsn === null ? '' : `, its change at ${formatLsn(changeLsn)}`;
  const of = tables.length === 0 ? '' : ` of ${tables.join(', ')}`;
  return (
    `the transaction ${from} ${formatLsn(commitLsn)}` +
    (xid === null ? '' : ` (xid ${xid})`) +
    (change === '' ? of : `${change}${of}`)
  );
}

/** A window's failure, with how far it was to go. */
export class WindowFailure extends Error {
  override readonly name = 'WindowFailure';
  readonly from: Lsn;
  readonly uptoLsn: Lsn;

  constructor(cause: unknown, from: Lsn, uptoLsn: Lsn) {
    super('a window could not be read', { cause });
    this.from = from;
    this.uptoLsn = uptoLsn;
  }
}
