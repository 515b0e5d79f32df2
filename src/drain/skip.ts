import type { EmittedMessage } from '../changes/change-event.ts';
import { formatLsn, type Lsn } from '../pgoutput/lsn.ts';
import type { FoundTransaction } from './unreadable.ts';

/** A transaction that a person wants passed over, as it is recorded before anything moves. */
export type SkipRecord = Pick<FoundTransaction, 'commitLsn' | 'beginLsn' | 'xid' | 'tables'> & {
  readonly pipeline: string;
  /** Where the slot stood then. */
  readonly fromLsn: Lsn;
  /** Why it cannot be read, masked. */
  readonly error: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: Date;
};

const SKIP_PREFIX = 'walhook.skipped';

/**
 * Behind every place that an event of the transaction may have: some of them may have been delivered
 * before the one that could not be taken in.
 */
const LAST_SEQ = 0xffff_ffff;

/** What endpoints get in the transaction's place: from the record alone, so that a repeat is the same. */
export function skipEvent(skip: SkipRecord): EmittedMessage {
  const { commitLsn, beginLsn, xid, tables, error, reason, requestedAt } = skip;
  const content = JSON.stringify({
    begin_lsn: beginLsn === null ? null : formatLsn(beginLsn),
    commit_lsn: formatLsn(commitLsn),
    xid,
    tables,
    error,
    reason,
    requested_at: requestedAt.toISOString(),
  });
  return {
    op: 'message',
    prefix: SKIP_PREFIX,
    content: new TextEncoder().encode(content),
    transactional: false,
    transaction: { xid: null, commitLsn, committedAt: null },
    seq: LAST_SEQ,
    lsnHigh: Number(commitLsn >> 32n),
    lsnLow: Number(commitLsn & 0xffffffffn),
  };
}
