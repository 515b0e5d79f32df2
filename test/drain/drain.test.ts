import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

test('committed changes arrive once, in order, and the slot follows', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url, ordering: 'strict' }] },
    'create table orders (id int primary key, status text, amount numeric, meta jsonb)',
  );
  await pipeline.database.query(`
    insert into orders values (1, 'new', 12.50, '{"a": 1}'), (2, 'new', 3, null);
    update orders set status = 'paid' where id = 1;
    delete from orders where id = 2`);

  const report = await pipeline.drain();

  expect(report.status).toBe('caught_up');
});
