import type { Transaction } from '../changes/change-event.ts';
import type { Position } from '../changes/position.ts';

/** before: within the checkpoint; ahead: settled beyond it; no: still to be delivered. */
export type AlreadySettledAnswer = 'before' | 'ahead' | 'no';

/** Tells of each event of a stream, met in order, whether an earlier drain settled it. */
export class AlreadySettled {
  readonly #settled: Position;
  readonly #ahead = new Map<bigint, Set<number>>();
  #transaction: Transaction | null = null;
  #settledThroughSeq = -1;
  #aheadSeqs: Set<number> | undefined;

  constructor(settled: Position, ahead: readonly Position[]) {
    this.#settled = settled;
    for (const { commitLsn, seq } of ahead) {
      const seqs = this.#ahead.get(commitLsn);
      if (seqs === undefined) this.#ahead.set(commitLsn, new Set([seq]));
      else seqs.add(seq);
    }
  }

  check(transaction: Transaction, seq: number): AlreadySettledAnswer {
    if (transaction !== this.#transaction) this.#enter(transaction);
    if (seq <= this.#settledThroughSeq) return 'before';
    if (this.#aheadSeqs === undefined || !this.#aheadSeqs.delete(seq)) return 'no';
    if (this.#aheadSeqs.size === 0) this.#ahead.delete(transaction.commitLsn);
    return 'ahead';
  }

  /** Settled ahead and not met yet: still to be remembered if the stream stops here. */
  aheadNotMet(): Position[] {
    return [...this.#ahead].flatMap(([commitLsn, seqs]) =>
      [...seqs].map((seq) => ({ commitLsn: commitLsn as Position['commitLsn'], seq })),
    );
  }

  /** Whole transactions compare at once; a row then compares its sequence alone. */
  #enter(transaction: Transaction): void {
    const { commitLsn, seq } = this.#settled;
    this.#transaction = transaction;
    if (transaction.commitLsn < commitLsn) this.#settledThroughSeq = Number.MAX_SAFE_INTEGER;
    else this.#settledThroughSeq = transaction.commitLsn === commitLsn ? seq : -1;
    this.#aheadSeqs = this.#ahead.size === 0 ? undefined : this.#ahead.get(transaction.commitLsn);
  }
}
