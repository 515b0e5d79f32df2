import { type Lsn, toLsn } from '../pgoutput/lsn.ts';
import type { MessageHead } from '../pgoutput/message-head.ts';
import type { LogicalMessage, Message, Truncate } from '../pgoutput/messages.ts';
import type { Tuple } from '../pgoutput/tuple.ts';
import { AssemblyError } from './assembly-error.ts';
import type { ChangeEvent, Transaction } from './change-event.ts';
import { OldRows } from './old-row.ts';
import type { RelationCache } from './relation-cache.ts';
import type { RelationView } from './relation-view.ts';
import { StreamedTransactions } from './streamed-transactions.ts';

export type AssemblerOutput = {
  readonly event: (event: ChangeEvent) => void;
  /** Everything that committed, or stands alone, before `lsn` has been given out. */
  readonly completeThrough: (lsn: Lsn) => void;
};

/** Its end is told once it has been read. */
type OpenTransaction = Omit<Transaction, 'endLsn'> & { endLsn: Lsn | undefined };

/**
 * Messages → change events, each with its place. A transaction's events are given out as they come:
 * without streaming the server sends only what has committed, so none of them can be taken back, and
 * memory does not grow with the transaction. Streamed and prepared transactions can be taken back;
 * they are kept until their commit.
 */
export class Assembler {
  readonly #relations: RelationCache;
  readonly #output: AssemblerOutput;
  readonly #streamed = new StreamedTransactions();
  readonly #oldRows = new OldRows();
  #transaction: OpenTransaction | null = null;
  #seq = 0;

  constructor(relations: RelationCache, output: AssemblerOutput) {
    this.#relations = relations;
    this.#output = output;
  }

  /** That of the changes that come now; null between two, and where they are kept until their commit. */
  get transaction(): Transaction | null {
    return this.#transaction;
  }

  /** Throws AssemblyError on a message that cannot stand where it stands. */
  accept(message: Message, lsnHigh: number, lsnLow: number): void {
    const kept = this.#streamed.keep(message, lsnHigh, lsnLow);
    if (kept === null) return this.#apply(message, lsnHigh, lsnLow);
    if (kept.kind === 'kept') return;
    this.#begin({ xid: kept.xid, commitLsn: kept.commitLsn, committedAt: kept.committedAt });
    for (const item of kept.messages) this.#apply(item.message, item.lsnHigh, item.lsnLow);
    this.#end(kept.endLsn);
  }

  /** A change that was too large to be fetched, by its first fields. */
  acceptOversized(head: MessageHead, sizeBytes: number, lsnHigh: number, lsnLow: number): void {
    const alone = head.kind === 'message' && !head.transactional;
    const relation =
      head.kind === 'message' ? null : this.#relation(head.relationId, lsnHigh, lsnLow);
    this.#output.event({
      op: 'oversized',
      originalOp: head.kind,
      relation,
      sizeBytes,
      transaction: alone ? standingAlone(head.lsn) : this.#current(),
      seq: alone ? 0 : this.#seq++,
      lsnHigh,
      lsnLow,
    });
    if (alone) this.#output.completeThrough(head.lsn);
  }

  #apply(message: Message, lsnHigh: number, lsnLow: number): void {
    switch (message.kind) {
      case 'insert':
        return this.#row('insert', message.relationId, null, message.new, lsnHigh, lsnLow);
      case 'update':
        return this.#row('update', message.relationId, message.old, message.new, lsnHigh, lsnLow);
      case 'delete':
        return this.#row('delete', message.relationId, message.old, null, lsnHigh, lsnLow);
      case 'begin':
        return this.#begin(message);
      case 'commit':
        return this.#end(message.endLsn);
      case 'relation':
        return this.#relations.use(message);
      case 'truncate':
        return this.#truncate(message, lsnHigh, lsnLow);
      case 'message':
        return this.#message(message, lsnHigh, lsnLow);
      default:
        // Origins, type names and whatever else carries no change of its own.
        return;
    }
  }

  #begin(transaction: Transaction): void {
    if (this.#transaction !== null) {
      throw new AssemblyError('a transaction began before the one before it had ended');
    }
    this.#transaction = {
      xid: transaction.xid,
      commitLsn: transaction.commitLsn,
      committedAt: transaction.committedAt,
      endLsn: undefined,
    };
    this.#seq = 0;
  }

  #end(endLsn: Lsn): void {
    this.#current().endLsn = endLsn;
    this.#transaction = null;
    this.#output.completeThrough(endLsn);
  }

  #row(
    op: 'insert' | 'update' | 'delete',
    relationId: number,
    old: { kind: 'key' | 'full'; tuple: Tuple } | null,
    current: Tuple | null,
    lsnHigh: number,
    lsnLow: number,
  ): void {
    const relation = this.#relation(relationId, lsnHigh, lsnLow);
    if ((current ?? old!.tuple).columnCount !== relation.columns.length) {
      throw new AssemblyError(
        `a row of ${relation.schema}.${relation.table} has another shape than its relation`,
      );
    }
    const sent = old === null ? null : this.#oldRows.asSent(relation, old, op === 'delete');
    this.#output.event({
      op,
      relation: sent?.relation ?? relation,
      old: sent?.old ?? null,
      new: current,
      transaction: this.#current(),
      seq: this.#seq++,
      lsnHigh,
      lsnLow,
    });
  }

  #truncate(message: Truncate, lsnHigh: number, lsnLow: number): void {
    for (const relationId of message.relationIds) {
      this.#output.event({
        op: 'truncate',
        relation: this.#relation(relationId, lsnHigh, lsnLow),
        cascade: message.cascade,
        restartIdentity: message.restartIdentity,
        relationIds: message.relationIds,
        transaction: this.#current(),
        seq: this.#seq++,
        lsnHigh,
        lsnLow,
      });
    }
  }

  #message(message: LogicalMessage, lsnHigh: number, lsnLow: number): void {
    const { prefix, content, transactional } = message;
    const transaction = transactional ? this.#current() : standingAlone(message.lsn);
    const seq = transactional ? this.#seq++ : 0;
    this.#output.event({
      op: 'message',
      prefix,
      content,
      transactional,
      transaction,
      seq,
      lsnHigh,
      lsnLow,
    });
    if (!transactional) this.#output.completeThrough(message.lsn);
  }

  #current(): OpenTransaction {
    if (this.#transaction === null) throw new AssemblyError('a change came outside a transaction');
    return this.#transaction;
  }

  #relation(relationId: number, lsnHigh: number, lsnLow: number): RelationView {
    const xid = this.#current().xid;
    const relation = this.#relations.get(relationId, lsnHigh, lsnLow, xid);
    if (relation === undefined) {
      throw new AssemblyError(`a change of relation ${relationId} came before its description`);
    }
    return relation;
  }
}

/**
 * Where a message stands that belongs to no transaction. Postgres names the end of its record, which
 * is where the next record begins: a commit there would give its first event the same place. The last
 * byte of the record is nobody else's.
 */
function standingAlone(endLsn: Lsn): Transaction {
  return { xid: null, commitLsn: toLsn(endLsn - 1n), committedAt: null };
}
