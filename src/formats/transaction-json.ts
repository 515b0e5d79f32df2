import type { Transaction } from '../changes/change-event.ts';
import { formatLsn, sortableLsn } from '../pgoutput/lsn.ts';
import { postgresTimestamp } from '../pgoutput/timestamp.ts';
import { ascii } from './text-bytes.ts';

/** A transaction's share of each of its `walhook` events, as JSON text. */
export type TransactionParts = {
  /** Up to the sequence within the id. */
  readonly idStart: Uint8Array;
  /** From the transaction id up to the LSN. */
  readonly lsnStart: Uint8Array;
  /** The same after an empty list of unchanged columns. */
  readonly nothingUnchangedLsnStart: Uint8Array;
  /** From the LSN's closing quote up to the sequence. */
  readonly seqStart: Uint8Array;
  readonly end: Uint8Array;
};

export function renderTransaction({ commitLsn, committedAt, xid }: Transaction): TransactionParts {
  const time = committedAt === null ? 'null' : `"${postgresTimestamp(committedAt)}"`;
  const lsnStart = `,"xid":${xid},"lsn":"`;
  return {
    idStart: ascii(`{"id":"${sortableLsn(commitLsn)}-`),
    lsnStart: ascii(lsnStart),
    nothingUnchangedLsnStart: ascii(`,"unchanged":[]${lsnStart}`),
    seqStart: ascii(`","commit_lsn":"${formatLsn(commitLsn)}","seq":`),
    end: ascii(`,"committed_at":${time}}`),
  };
}
