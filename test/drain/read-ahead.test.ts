import { array, assert as check, asyncProperty, integer, nat } from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readAhead } from '../../src/drain/read-ahead.ts';

type Source = { items: AsyncGenerator<number>; made: number[]; isOver: () => boolean };

function source(weights: readonly number[], failAt = Infinity): Source {
  const made: number[] = [];
  let over = false;
  async function* produce(): AsyncGenerator<number> {
    try {
      for (const [i, weight] of weights.entries()) {
        if (i === failAt) throw new Error('broken');
        await nextTurn();
        made.push(weight);
        yield weight;
      }
      if (failAt === weights.length) throw new Error('broken');
    } finally {
      over = true;
    }
  }
  return { items: produce(), made, isOver: () => over };
}

test('items come out as they went in, and no more than the bound and one item wait', async () => {
  await check(
    asyncProperty(
      array(integer({ min: 0, max: 10 }), { maxLength: 30 }),
      integer({ min: 1, max: 20 }),
      nat({ max: 3 }),
      async (weights, bound, slowness) => {
        const { items, made } = source(weights);
        const taken: number[] = [];
        for await (const item of readAhead(items, (weight) => weight, bound)) {
          taken.push(item);
          for (let turn = 0; turn < slowness; turn++) await nextTurn();
          const waiting = made.slice(taken.length);
          const beforeLast = waiting.slice(0, -1).reduce((sum, weight) => sum + weight, 0);
          expect(beforeLast).toBeLessThan(bound);
        }
        expect(taken).toEqual(weights);
      },
    ),
    { numRuns: 60 },
  );
});

test('an error comes out where it stood', async () => {
  await check(
    asyncProperty(nat({ max: 6 }), integer({ min: 1, max: 20 }), async (failAt, bound) => {
      const taken: number[] = [];
      const reading = async (): Promise<void> => {
        const { items } = source([1, 1, 1, 1, 1, 1], failAt);
        for await (const item of readAhead(items, () => 1, bound)) taken.push(item);
      };
      await expect(reading()).rejects.toThrow('broken');
      expect(taken).toHaveLength(failAt);
    }),
    { numRuns: 30 },
  );
});

test('a consumer that ends early ends the source too, also one that waits for room', async () => {
  const { items, made, isOver } = source(Array<number>(100).fill(5));
  for await (const item of readAhead(items, (weight) => weight, 10)) {
    expect(item).toBe(5);
    while (made.length < 3) await nextTurn();
    break;
  }
  while (!isOver()) await nextTurn();
  expect(made.length).toBeLessThan(6);
});
