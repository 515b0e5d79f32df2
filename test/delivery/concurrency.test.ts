import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const KEYS = 64;
const CHANGES = 5;

test.each([
  [1, 'strict'],
  [1, 'key'],
  [8, 'key'],
  [8, 'none'],
] as const)(
  'to a receiver that takes its time, %i lanes (%s) have as many requests under way',
  async (concurrency, ordering) => {
    const changes = concurrency === 1 ? 1 : CHANGES;
    const underWay = new Set<{ beside: number }>();
    /** The most requests that were under way at any time while each of them was. */
    const beside: number[] = [];
    const versions = new Map<number, number[]>();
    const receiver = await startReceiver(async ({ events: [event] }) => {
      const own = { beside: 0 };
      underWay.add(own);
      for (const other of underWay) other.beside = Math.max(other.beside, underWay.size);
      await delay(20);
      underWay.delete(own);
      beside.push(own.beside);
      const { id, n } = event!['after'] as { id: number; n: number };
      versions.set(id, [...(versions.get(id) ?? []), n]);
    });
    const pipeline = await createPipeline(
      {
        endpoints: [
          {
            name: 'hooks',
            type: 'http',
            url: receiver.url,
            ordering,
            concurrency,
            batch: { maxEvents: 1 },
          },
        ],
      },
      'create table t (id int primary key, n int)',
    );
    await pipeline.database.query(`insert into t select id, 1 from generate_series(1, ${KEYS}) id`);
    for (let n = 2; n <= changes; n++) await pipeline.database.query(`update t set n = ${n}`);

    expect((await pipeline.drain()).status).toBe('caught_up');

    expect(beside).toHaveLength(KEYS * changes);
    expect(Math.max(...beside)).toBe(concurrency);
    // Answered in the order of their versions, unless nobody asked for any.
    const wanted = Array.from({ length: changes }, (_, i) => i + 1);
    for (const got of versions.values()) {
      expect(ordering === 'none' ? [...got].sort((a, b) => a - b) : got).toEqual(wanted);
    }
    // Nearly all the time, and not only once.
    const mean = beside.reduce((sum, count) => sum + count, 0) / beside.length;
    expect(mean).toBeGreaterThan(0.75 * concurrency);
  },
);
