import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

/** More than may be settled beyond an event that is not. */
const BUSY_ROWS = 60_000;

test('rows of a lane with nothing else to send do not wait for the end of a long drain', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url, concurrency: 4 }] },
    'create table rare (id int primary key); create table busy (n int)',
  );
  await pipeline.database.query('insert into rare select generate_series(1, 16)');
  await pipeline.database.query(`insert into busy select generate_series(1, ${BUSY_ROWS})`);

  expect((await pipeline.drain()).status).toBe('caught_up');

  const lastRare = receiver.requests.findLastIndex(({ events }) =>
    events.some(({ table }) => table === 'rare'),
  );
  const after = receiver.requests.slice(lastRare + 1).flatMap(({ events }) => events);
  expect(after.length).toBeGreaterThan(1_000);
});
