import type { Transaction } from '../changes/change-event.ts';
import type { Position } from '../changes/position.ts';

/**
 * before: within the checkpoint, or met before; ahead: settled beyond it; no: still to be delivered.
 */
export type AlreadySettledAnswer = 'before' | 'ahead' | 'no';

/**
 * Tells of each event of a stream whether it is somebody's already. Events come in order; where an
 * endpoint on hold keeps the slot, a peek brings those again that came before.
 */
export class AlreadySettled {
  #known: Position;
  readonly #ahead = new Map<bigint, Set<number>>();
  #transaction: Transaction | null = null;
  #knownThroughSeq = -1;
  #metSeq = -1;
  #aheadSeqs: Set<number> | undefined;

  constructor(settled: Position, ahead: readonly Position[]) {
    this.#known = settled;
    for (const { commitLsn, seq } of ahead) {
      const seqs = this.#ahead.get(commitLsn);
      if (seqs === undefined) this.#ahead.set(commitLsn, new Set([seq]));
      else seqs.add(seq);
    }
  }

  check(transaction: Transaction, seq: number): AlreadySettledAnswer {
    if (transaction !== this.#transaction) this.#enter(transaction);
    if (seq <= this.#knownThroughSeq) return 'before';
    this.#metSeq = seq;
    if (this.#aheadSeqs === undefined || !this.#aheadSeqs.delete(seq)) return 'no';
    if (this.#aheadSeqs.size === 0) this.#ahead.delete(transaction.commitLsn);
    return 'ahead';
  }

  /** Whether others of the transaction that is met now may be unsettled. */
  get isPartial(): boolean {
    return this.#knownThroughSeq !== Number.MAX_SAFE_INTEGER;
  }

  /** Settled ahead and not met yet: still to be remembered if the stream stops here. */
  aheadNotMet(): Position[] {
    return [...this.#ahead].flatMap(([commitLsn, seqs]) =>
      [...seqs].map((seq) => ({ commitLsn: commitLsn as Position['commitLsn'], seq })),
    );
  }

  /** Whole transactions compare at once; a row then compares its sequence alone. */
  #enter(transaction: Transaction): void {
    if (this.#transaction !== null && this.#metSeq >= 0) {
      this.#known = { commitLsn: this.#transaction.commitLsn, seq: this.#metSeq };
    }
    const { commitLsn, seq } = this.#known;
    this.#transaction = transaction;
    this.#metSeq = -1;
    if (transaction.commitLsn < commitLsn) this.#knownThroughSeq = Number.MAX_SAFE_INTEGER;
    else this.#knownThroughSeq = transaction.commitLsn === commitLsn ? seq : -1;
    this.#aheadSeqs = this.#ahead.size === 0 ? undefined : this.#ahead.get(transaction.commitLsn);
  }
}
