import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

test('an event that is sent again has the same id and the same content', async () => {
  const refusing = await startReceiver(() => 503);
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: refusing.url,
          ordering: 'strict',
          retry: { attempts: 1, minDelayMs: 0 },
        },
      ],
    },
    'create table t (id int primary key, note text)',
  );
  await pipeline.database.query(`
    begin; insert into t select n, 'first' from generate_series(1, 30) n; commit;
    update t set note = 'second' where id % 2 = 0;
    select pg_logical_emit_message(false, 'at', 'once');
    truncate t`);

  expect((await pipeline.drain()).status).toBe('held');
  await pipeline.database.query(`insert into t values (99)`);
  await pipeline.forgetFailures();
  expect((await pipeline.drain()).status).toBe('held');
  const windows = await pipeline.configured({ drain: { reader: 'rows', maxWindowChanges: 5 } });
  refusing.answerWith(() => 204);
  await pipeline.forgetFailures();
  expect((await windows.drain()).status).toBe('caught_up');

  const [first, second, third] = refusing.requests;
  expect(second?.events.slice(0, first!.events.length)).toEqual(first?.events);
  expect(third?.events.slice(0, first!.events.length)).toEqual(first?.events);
  expect(third?.events).toHaveLength(30 + 15 + 1 + 1 + 1);
  const ids = third!.events.map((event) => String(event['id']));
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(ids.length);
});
