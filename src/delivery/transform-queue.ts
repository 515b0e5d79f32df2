import type { WritableEvent } from '../formats/event-format.ts';
import type { SettlementEntry } from './settlement.ts';

/** An event that an endpoint takes, and what it will stand as once it is changed. */
export type Taken = {
  readonly original: WritableEvent;
  /** What it keeps in memory. */
  readonly bytes: number;
  readonly lanes: readonly number[];
  /** Its own, where it is settled apart from its batch. */
  readonly entry: SettlementEntry | null;
  readonly isSettled: boolean;
};

export type Transformed =
  | { readonly kind: 'event'; readonly event: WritableEvent }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'failed'; readonly error: unknown };

type Waiting = { goOn: (() => void) | null; readonly bytes: number };

/** Transforms under way at once, at the most: events, and bytes of their rows. */
const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 8 << 20;

/** Lets events wait for an asynchronous transform, many at once, and go on in their order. */
export class TransformQueue {
  readonly #onNext: (taken: Taken, result: Transformed) => void;
  readonly #onChange: () => void;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #idle: (() => void)[] = [];

  constructor(onNext: (taken: Taken, result: Transformed) => void, onChange: () => void) {
    this.#onNext = onNext;
    this.#onChange = onChange;
  }

  add(taken: Taken, result: Transformed | Promise<Transformed>): void {
    if (!(result instanceof Promise)) {
      return this.mark(() => this.#onNext(taken, result), taken.bytes);
    }
    const waiting: Waiting = { goOn: null, bytes: taken.bytes };
    this.#waiting.push(waiting);
    this.#waitingBytes += taken.bytes;
    void result.then((known) => {
      waiting.goOn = () => this.#onNext(taken, known);
      this.#release();
      this.#onChange();
    });
  }

  /** Calls it once everything added before has gone on: at once, if it has. */
  mark(goOn: () => void, bytes = 0): void {
    if (this.isIdle) return goOn();
    this.#waiting.push({ goOn, bytes });
    this.#waitingBytes += bytes;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES;
  }

  /** Whatever still waits is nobody's: it stays unsettled, and comes again. */
  abandon(): void {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#release();
  }

  async idle(): Promise<void> {
    while (!this.isIdle) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #release(): void {
    let released = 0;
    for (const { goOn, bytes } of this.#waiting) {
      if (goOn === null) break;
      released += 1;
      this.#waitingBytes -= bytes;
      goOn();
    }
    this.#waiting.splice(0, released);
    if (!this.isIdle) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
