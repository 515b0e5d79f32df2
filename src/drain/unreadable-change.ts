import type { Assembler } from '../changes/assembler.ts';
import { AssemblyError } from '../changes/assembly-error.ts';
import type { RelationCache } from '../changes/relation-cache.ts';
import { isWalhookError, WalhookError } from '../errors/walhook-error.ts';
import { formatLsn, type Lsn, toLsn } from '../pgoutput/lsn.ts';
import { readMessageHead } from '../pgoutput/message-head.ts';
import { PgoutputError } from '../pgoutput/pgoutput-error.ts';
import {
  describeTransaction,
  type FoundTransaction,
  type UnreadableTransaction,
} from './unreadable.ts';
import type { MessageRows } from './window.ts';

/** Thrown in the middle of a window, once all that committed before the transaction was given out. */
export class UnreadableChange extends Error {
  override readonly name = 'UnreadableChange';
  readonly transaction: UnreadableTransaction;

  constructor(transaction: UnreadableTransaction) {
    super('a change could not be read', { cause: transaction.error });
    this.transaction = transaction;
  }
}

/**
 * What is thrown where the change that `rows` stand at could not be taken in: its bytes are none that
 * are known, or what became of it could not be written. Where the database itself failed, as a look
 * into its catalog can, no change is to blame, and the error is what it was.
 */
export function unreadableChange(
  error: unknown,
  rows: MessageRows,
  { transaction }: Assembler,
  relations: RelationCache,
): unknown {
  const failure = decodeFailure(error);
  if (isWalhookError(failure) && failure.code !== 'decode_failed') return failure;
  if (transaction === null || transaction.xid === null) return failure;
  const { xid, commitLsn } = transaction;
  const changeLsn = toLsn((BigInt(rows.lsnHigh) << 32n) | BigInt(rows.lsnLow));
  const found = {
    commitLsn,
    beginLsn: null,
    xid,
    changeLsn,
    tables: tablesOf(rows, xid, relations),
  };
  return new UnreadableChange(changeUnreadable(found, failure));
}

function decodeFailure(error: unknown): unknown {
  if (!(error instanceof PgoutputError) && !(error instanceof AssemblyError)) return error;
  return new WalhookError('decode_failed', error.message, { detail: error.code, cause: error });
}

function tablesOf(rows: MessageRows, xid: number, relations: RelationCache): string[] {
  const { bytes, start, end, lsnHigh, lsnLow } = rows;
  try {
    const head = readMessageHead(bytes, start, end);
    const relation =
      head.kind === 'message' ? undefined : relations.get(head.relationId, lsnHigh, lsnLow, xid);
    return relation === undefined ? [] : [`${relation.schema}.${relation.table}`];
  } catch {
    return [];
  }
}

function changeUnreadable(
  found: Omit<FoundTransaction, 'readableTo'>,
  error: unknown,
): UnreadableTransaction {
  const commitLsn = formatLsn(found.commitLsn);
  const transaction = { ...found, readableTo: endBefore(found.commitLsn) };
  const cause = error instanceof Error ? error.message : String(error);
  const code = isWalhookError(error) ? error.code : 'internal';
  const message = `${describeTransaction(transaction)} cannot be taken in: ${cause}`;
  const detail = isWalhookError(error) && error.detail !== undefined ? ` (${error.detail})` : '';
  const remedy = `Please report it with the code and the server version. To pass over this one transaction, which no endpoint gets then: walhook skip --to ${commitLsn}`;
  return {
    ...transaction,
    error: new WalhookError(code, `${message}${detail}`, {
      detail: commitLsn,
      remedy,
      cause: error,
    }),
  };
}

/** What stands at the beginning of a WAL page, before its first record; longer in a file's first page. */
const PAGE_BYTES = 8192n;
const PAGE_HEADERS = new Set([24n, 40n]);

/** Where the record ends that comes before the one at `start`, as far as page headers go. */
function endBefore(start: Lsn): Lsn {
  const inPage = start % PAGE_BYTES;
  return PAGE_HEADERS.has(inPage) ? toLsn(start - inPage) : start;
}
