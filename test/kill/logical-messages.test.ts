import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const TABLE = 'create table notes (id int primary key)';
const MESSAGE_BEFORE_COMMIT = `
  begin;
  insert into notes values (1);
  select pg_logical_emit_message(false, 'note', 'at once');
  commit`;

test('a message right before a commit has another id than what is committed there', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }] },
    TABLE,
  );
  await pipeline.database.query(MESSAGE_BEFORE_COMMIT);

  expect((await pipeline.drain()).status).toBe('caught_up');

  const events = receiver.events();
  expect(events.map(({ op }) => op)).toEqual(['message', 'insert']);
  expect(String(events[0]!['id']) < String(events[1]!['id'])).toBe(true);
});

test('a drain that ends between the two goes on with the second', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }], drain: { maxChanges: 1 } },
    TABLE,
  );
  await pipeline.database.query(MESSAGE_BEFORE_COMMIT);

  await pipeline.drain();
  expect(receiver.events()).toMatchObject([{ op: 'message' }]);
  await pipeline.drain();
  expect(receiver.events()).toMatchObject([{ op: 'message' }, { op: 'insert' }]);
});

test('the slot does not pass a message that its endpoint did not take', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: receiver.url,
          batch: { maxEvents: 1 },
          ordering: 'strict',
          retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0 },
        },
      ],
    },
    TABLE,
  );
  await pipeline.database.query('insert into notes values (1)');
  await pipeline.database.query(`select pg_logical_emit_message(false, 'note', 'alone')`);
  await pipeline.database.query('insert into notes values (2)');
  receiver.answerWith(({ events }) => (events[0]!['op'] === 'message' ? 503 : 204));

  expect((await pipeline.drain()).status).toBe('held');
  receiver.answerWith(() => 204);
  expect((await pipeline.drain()).status).toBe('caught_up');

  const operations = receiver.events().map(({ op }) => op);
  expect(operations).toEqual(['insert', 'message', 'message', 'insert']);
});
