import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const ROWS = 500;

test('a receiver that dies in the middle holds the drain, and misses nothing once it is back', async () => {
  const receiver = await startReceiver();
  const endpoint = {
    name: 'hooks',
    type: 'http' as const,
    url: receiver.url,
    ordering: 'strict' as const,
    batch: { maxEvents: 10 },
    retry: { attempts: 2, minDelayMs: 0, maxDelayMs: 1 },
  };
  const pipeline = await createPipeline(
    { endpoints: [endpoint] },
    'create table notes (id int primary key)',
  );
  await pipeline.database.query(`insert into notes select generate_series(1, ${ROWS})`);
  const confirmed = new Set<unknown>();
  receiver.answerWith(async ({ events }, nth) => {
    if (nth === 20) await receiver.close();
    else for (const { id } of events) confirmed.add(id);
  });
  const slotAt = await pipeline.slotAt();

  const held = await pipeline.drain();
  expect(held).toMatchObject({
    status: 'held',
    endpoints: [{ state: 'held', delivered: confirmed.size, failed_attempts: 2 }],
  });
  expect(held.endpoints[0]!.error).toMatch(/ECONNREFUSED|ECONNRESET|closed/);
  expect(await pipeline.slotAt()).not.toBe(slotAt);

  const successor = await startReceiver();
  const moved = await pipeline.configured({ endpoints: [{ ...endpoint, url: successor.url }] });
  expect(await moved.drain()).toMatchObject({
    status: 'caught_up',
    endpoints: [{ state: 'active', error: null }],
  });

  const late = successor.events().map(({ id }) => id);
  expect(late.filter((id) => confirmed.has(id))).toEqual([]);
  expect(confirmed.size + late.length).toBe(ROWS);
});
