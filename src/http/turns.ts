export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** At the most so many at once; whoever comes later waits for a turn. */
export function takeTurns(atOnce: number): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // Whoever is next takes over the turn, so that nobody who has just come is before him.
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
