import PQueue from 'p-queue';

/**
 * Ordering scopes: within a lane one task runs at a time, in the order they were added. A task over
 * several lanes is a barrier: it runs when it is first in each, and holds them all until it is done.
 */
export class Lanes {
  readonly #queues: readonly PQueue[];

  constructor(count: number) {
    this.#queues = Array.from({ length: count }, () => new PQueue({ concurrency: 1 }));
  }

  get count(): number {
    return this.#queues.length;
  }

  /** Adding to all lanes of a barrier at once keeps any two barriers in one order: no deadlock. */
  add(lanes: readonly number[], task: () => Promise<void>): Promise<void> {
    if (lanes.length === 1) return this.#queues[lanes[0]!]!.add(task);
    let reached = 0;
    let finish!: () => void;
    let fail!: (error: unknown) => void;
    const finished = new Promise<void>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    for (const lane of lanes) {
      void this.#queues[lane]!.add(() => {
        reached += 1;
        if (reached === lanes.length) task().then(finish, fail);
        return finished.catch(() => undefined);
      });
    }
    return finished;
  }

  async idle(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.onIdle()));
  }
}
