/** What of a parked batch is settled: its events, by their place in it. */
export type PartlyReplayed = { readonly id: bigint; readonly settled: readonly number[] };

export type UnsavedReplay = {
  readonly sent: readonly bigint[];
  readonly partly: readonly PartlyReplayed[];
};

type Partly = { readonly settled: Set<number>; saved: number };

/**
 * What has become of parked batches and is not in the tables yet. It outlives a lost connection, for
 * else the batches that come back from the tables would be sent again.
 */
export class Replayed {
  readonly #sent = new Set<bigint>();
  readonly #partly = new Map<bigint, Partly>();

  /** As a batch was loaded. */
  loaded(id: bigint, settled: readonly number[]): void {
    if (this.#partly.has(id)) return;
    this.#partly.set(id, { settled: new Set(settled), saved: settled.length });
  }

  settle(id: bigint, indexes: readonly number[]): void {
    for (const index of indexes) this.#partly.get(id)!.settled.add(index);
  }

  /** All of it is settled. */
  sent(id: bigint): void {
    this.#partly.delete(id);
    this.#sent.add(id);
  }

  isSent(id: bigint): boolean {
    return this.#sent.has(id);
  }

  isSettled(id: bigint, index: number): boolean {
    return this.#partly.get(id)!.settled.has(index);
  }

  get hasUnsaved(): boolean {
    return this.#sent.size > 0 || [...this.#partly.values()].some(isUnsaved);
  }

  unsaved(): UnsavedReplay {
    const partly = [...this.#partly].filter(([, progress]) => isUnsaved(progress));
    return {
      sent: [...this.#sent],
      partly: partly.map(([id, { settled }]) => ({ id, settled: [...settled] })),
    };
  }

  saved({ sent, partly }: UnsavedReplay): void {
    for (const id of sent) this.#sent.delete(id);
    for (const { id, settled } of partly) {
      const progress = this.#partly.get(id);
      if (progress !== undefined) progress.saved = settled.length;
    }
  }
}

function isUnsaved({ settled, saved }: Partly): boolean {
  return settled.size > saved;
}
