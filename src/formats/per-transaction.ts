import type { Transaction } from '../changes/change-event.ts';

/** A transaction's share of each of its events, rendered once: they come together. */
export class PerTransaction<Parts> {
  readonly #render: (transaction: Transaction) => Parts;
  #transaction: Transaction | null = null;
  #parts!: Parts;

  constructor(render: (transaction: Transaction) => Parts) {
    this.#render = render;
  }

  of(transaction: Transaction): Parts {
    if (transaction !== this.#transaction) {
      this.#transaction = transaction;
      this.#parts = this.#render(transaction);
    }
    return this.#parts;
  }
}
