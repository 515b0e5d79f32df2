import type { Clock } from '../../src/clock/clock.ts';

type Sleeper = { readonly wakeAt: number; readonly wake: () => void };

type Watcher = { readonly wanted: (ms: number) => boolean; readonly resolve: () => void };

/** Time that stands still until a test moves it on. */
export class FakeClock implements Clock {
  /** Milliseconds of every sleep that began, in order. */
  readonly sleeps: number[] = [];
  readonly #sleepers = new Set<Sleeper>();
  readonly #watchers = new Set<Watcher>();
  #now: number;

  constructor(now = Date.UTC(2026, 0, 31, 12)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    this.sleeps.push(ms);
    for (const watcher of this.#watchers) {
      if (!watcher.wanted(ms)) continue;
      this.#watchers.delete(watcher);
      watcher.resolve();
    }
    return new Promise((resolve) => {
      const done = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const sleeper: Sleeper = { wakeAt: this.#now + ms, wake: done };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', done);
    });
  }

  /** Wakes whoever is due by then, the earliest first. */
  advance(ms: number): void {
    this.#now += ms;
    const due = [...this.#sleepers].filter(({ wakeAt }) => wakeAt <= this.#now);
    for (const { wake } of due.sort((a, b) => a.wakeAt - b.wakeAt)) wake();
  }

  /** Resolves when the next sleep begins that `wanted` holds for. */
  untilAsleep(wanted: (ms: number) => boolean = () => true): Promise<void> {
    return new Promise((resolve) => this.#watchers.add({ wanted, resolve }));
  }
}
