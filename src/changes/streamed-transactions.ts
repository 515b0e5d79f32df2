import type { Lsn } from '../pgoutput/lsn.ts';
import type { Message } from '../pgoutput/messages.ts';
import { AssemblyError } from './assembly-error.ts';

export type KeptMessage = {
  readonly message: Message;
  readonly lsnHigh: number;
  readonly lsnLow: number;
};

/** `kept`: the message waits for its transaction's end; `committed`: a whole transaction is due. */
export type KeepResult =
  | { readonly kind: 'kept' }
  | {
      readonly kind: 'committed';
      readonly xid: number;
      readonly commitLsn: Lsn;
      readonly endLsn: Lsn;
      readonly committedAt: bigint;
      readonly messages: readonly KeptMessage[];
    };

const KEPT: KeepResult = { kind: 'kept' };

/**
 * Transactions that the server sends before it knows their end: streamed in segments, or prepared.
 *
 *     stream-start … stream-stop (again and again) → stream-commit | stream-abort | stream-prepare
 *     begin-prepare … prepare → commit-prepared | rollback-prepared
 *
 * Their messages are kept and come out whole at the commit, in the place where it commits.
 */
export class StreamedTransactions {
  readonly #open = new Map<number, KeptMessage[]>();
  readonly #prepared = new Map<string, KeptMessage[]>();
  /** The transaction whose segment, or whose prepare, is being read. */
  #reading: KeptMessage[] | null = null;

  /** null: the message belongs to an ordinary transaction and is the caller's. */
  keep(message: Message, lsnHigh: number, lsnLow: number): KeepResult | null {
    switch (message.kind) {
      case 'stream-start':
        this.#reading = this.#open.get(message.xid) ?? [];
        this.#open.set(message.xid, this.#reading);
        return KEPT;
      case 'stream-stop':
        this.#reading = null;
        return KEPT;
      case 'stream-abort':
        this.#abort(message.xid, message.subXid);
        return KEPT;
      case 'stream-commit':
        return { ...message, kind: 'committed', messages: take(this.#open, message.xid) };
      case 'stream-prepare':
        this.#prepared.set(message.gid, take(this.#open, message.xid));
        return KEPT;
      case 'begin-prepare':
        this.#reading = [];
        return KEPT;
      case 'prepare':
        this.#prepared.set(message.gid, this.#reading ?? []);
        this.#reading = null;
        return KEPT;
      case 'commit-prepared':
        return { ...message, kind: 'committed', messages: take(this.#prepared, message.gid) };
      case 'rollback-prepared':
        this.#prepared.delete(message.gid);
        return KEPT;
      case 'message':
        // What is not transactional is not taken back either: it stands where it was written.
        if (!message.transactional) return null;
    }
    if (this.#reading === null) return null;
    this.#reading.push({ message, lsnHigh, lsnLow });
    return KEPT;
  }

  /**
   * Descriptions of relations stay: the server counts them as sent for the whole transaction, and
   * describes a relation again if the abort changed it.
   */
  #abort(xid: number, subXid: number): void {
    if (xid === subXid) {
      this.#open.delete(xid);
      return;
    }
    const messages = this.#open.get(xid);
    if (messages === undefined) return;
    const remaining = messages.filter(
      ({ message }) => message.kind === 'relation' || !('xid' in message) || message.xid !== subXid,
    );
    this.#open.set(xid, remaining);
  }
}

function take<K>(from: Map<K, KeptMessage[]>, key: K): KeptMessage[] {
  const messages = from.get(key);
  // An end without its beginning would be a transaction lost in silence.
  if (messages === undefined) throw new AssemblyError('a transaction ended that never began');
  from.delete(key);
  return messages;
}
