import type { DispatchCounts } from './dispatch-counts.ts';
import type { Settlement, SettlementEntry } from './settlement.ts';
import type { Operation } from './tally.ts';

/**
 * Counts filtered events once the watermark has passed them. No checkpoint tells of one beyond it: it
 * is read again, and filtered again, by the next round or drain.
 */
export class FilteredEvents {
  readonly #settlement: Settlement;
  readonly #counts: DispatchCounts;
  #behind: SettlementEntry | null = null;
  #waiting = new Map<Operation, number>();

  constructor(settlement: Settlement, counts: DispatchCounts) {
    this.#settlement = settlement;
    this.#counts = counts;
  }

  add(operation: Operation): void {
    const { newestUnpassed } = this.#settlement;
    if (newestUnpassed === null) return this.#counts.event(operation, 'filtered');
    if (newestUnpassed !== this.#behind) this.#waitFor(newestUnpassed);
    this.#waiting.set(operation, (this.#waiting.get(operation) ?? 0) + 1);
  }

  #waitFor(entry: SettlementEntry): void {
    const waiting = new Map<Operation, number>();
    this.#behind = entry;
    this.#waiting = waiting;
    entry.onPassed = () => {
      for (const [operation, events] of waiting) {
        this.#counts.event(operation, 'filtered', events);
      }
    };
  }
}
