/**
 * Runs a generator ahead of its consumer, until the items in between weigh `maxWeight`. Errors come
 * out where they stood. Ending the consumer ends the generator at its next item.
 */
export async function* readAhead<T>(
  items: AsyncGenerator<T>,
  weigh: (item: T) => number,
  maxWeight: number,
): AsyncGenerator<T> {
  const queue: T[] = [];
  let weight = 0;
  let ended = false;
  let failure: { readonly error: unknown } | null = null;
  let wakeProducer = noop;
  let wakeConsumer = noop;

  const produce = async (): Promise<void> => {
    try {
      for await (const item of items) {
        if (ended) return;
        queue.push(item);
        weight += weigh(item);
        wakeConsumer();
        while (weight >= maxWeight && !ended)
          await new Promise<void>((wake) => (wakeProducer = wake));
      }
    } catch (error) {
      failure = { error };
    } finally {
      ended = true;
      wakeConsumer();
    }
  };
  void produce();

  try {
    for (;;) {
      const item = queue.shift();
      if (item !== undefined) {
        weight -= weigh(item);
        if (weight < maxWeight) wakeProducer();
        yield item;
      } else if (ended) {
        if (failure !== null) throw (failure as { error: unknown }).error;
        return;
      } else {
        await new Promise<void>((wake) => (wakeConsumer = wake));
      }
    }
  } finally {
    ended = true;
    wakeProducer();
  }
}

function noop(): void {}
